"""Level 2 as a service: the shop's rules over candidates."""
