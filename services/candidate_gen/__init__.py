"""Level 1 as a service: candidates by ALS, item-CF, popularity and the shopper's own past."""
