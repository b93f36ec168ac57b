"""Events between the wire, the domain and the log."""
