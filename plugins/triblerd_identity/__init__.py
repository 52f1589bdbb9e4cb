"""Who this node is: the key that it signs with, and by which other nodes know it."""
