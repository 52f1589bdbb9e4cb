"""Session directories of rTorrent 0.8 and later."""
