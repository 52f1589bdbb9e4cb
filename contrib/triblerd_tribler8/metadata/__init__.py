"""Known torrents: lists, searches, checks, and labels."""
