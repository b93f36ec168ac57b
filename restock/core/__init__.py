"""The arithmetic of Restock: pure functions over arrays. No I/O, no clock, no environment, no logging."""
