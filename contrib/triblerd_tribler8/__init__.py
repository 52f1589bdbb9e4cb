"""The API as version 8 of Tribler speaks it, below ``/api``, over the same state."""
