"""Data and settings of older releases: what has to be done, the copy from before, and the doing."""
