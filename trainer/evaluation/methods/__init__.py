"""Methods to be compared: one small file a method or family, listed in `registry`."""
