"""The learned ranker: what it looks at, and how it scores."""
