"""The downloads: what is listed, added, changed, removed and played."""
