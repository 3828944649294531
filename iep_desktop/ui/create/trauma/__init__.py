"""The trauma transfer: one page, three steps."""
