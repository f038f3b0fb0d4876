"""Data sets: one uint8 tensor (or one float32 set of points) each, with a small table beside it."""
