"""What the trainer and the services share on disk: immutable model versions and which one is active."""
