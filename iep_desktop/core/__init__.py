"""The words of the field; the standard library and pure libraries only."""
