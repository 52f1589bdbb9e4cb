"""Torrents made of files on the daemon's machine, which are seeded from a directory of their own."""
