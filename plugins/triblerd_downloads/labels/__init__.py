"""How a user sorts downloads: at most one category each, and any number of tags."""
