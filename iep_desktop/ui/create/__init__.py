"""The doors by which something new begins."""
