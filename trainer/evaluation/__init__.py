"""Offline evaluation: every method on the same past, judged by the same future."""
