"""The files of a download: as a flat list, and as a tree whose directories clients open, close and select."""
