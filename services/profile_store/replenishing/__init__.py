"""What a shopper is about to need again."""
