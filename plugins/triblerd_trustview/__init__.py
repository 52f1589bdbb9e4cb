"""Shows who helps whom: the graph of the ledger around this node, laid out, as data and as a page."""
