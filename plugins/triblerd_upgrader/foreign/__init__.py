"""States that other programs left on disk: how they are recognised, read, and taken over."""
