"""Restock: product recommendations for retail, as a suite of gRPC services."""
