"""Finds what the metadata store holds by the words of its titles."""
