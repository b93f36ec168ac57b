"""The front door: asks three services in order, and answers whatever becomes of them."""
