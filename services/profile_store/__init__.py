"""What shoppers did, kept in Redis: profiles and the log of events that they are built from."""
