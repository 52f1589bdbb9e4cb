"""Where records go that are no downloads: entries, statements, the ledger, the key."""
