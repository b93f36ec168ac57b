"""Learning the ranker."""
