"""Shows the whole configuration to clients and takes their changes."""
