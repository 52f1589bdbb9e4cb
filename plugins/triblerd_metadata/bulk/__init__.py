"""Many entries at once: taken over from a file or a directory of torrents, and written out again."""
