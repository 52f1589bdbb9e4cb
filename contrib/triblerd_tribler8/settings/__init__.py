"""The configuration as version 8 names and nests it: another view of the same values."""
