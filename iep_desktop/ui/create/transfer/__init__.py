"""New Transfer: send images to another hospital."""
