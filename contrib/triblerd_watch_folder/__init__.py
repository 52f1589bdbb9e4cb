"""Adds the torrents and magnet links that appear in directories."""
