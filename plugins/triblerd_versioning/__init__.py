"""Tells what runs here, whether there is something newer, and what of an older program can be taken over."""
