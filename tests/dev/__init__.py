"""Tests of the developer's entry point."""
