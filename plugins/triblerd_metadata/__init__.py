"""Remembers torrents, channels and folders that it hears of, and how healthy they are."""
