"""Lists of entries: sorted by any column, filtered, a page at a time."""
