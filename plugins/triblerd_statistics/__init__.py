"""Counts what the daemon and its plugins have done, and remembers how much was transferred when."""
