"""States of Tribler 7.13 and 8: downloads, settings, metadata, statements, the ledger of bandwidth, the key."""
