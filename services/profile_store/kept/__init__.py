"""What a repository keeps of a user, as bytes."""
