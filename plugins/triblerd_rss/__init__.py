"""Follows RSS and Atom feeds of torrents: remembers what is in them, and downloads what rules ask for."""
