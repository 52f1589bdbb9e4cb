"""Shows the inside of the running daemon."""
