"""The commands of `python -m engine`, one file each: what the window does, without a window."""
