"""New Request: ask another hospital for images."""
