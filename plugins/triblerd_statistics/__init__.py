"""Counts what the daemon and its plugins have done."""
