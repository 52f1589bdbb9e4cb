"""Channels and folders, as version 7.13 of Tribler shows them."""
