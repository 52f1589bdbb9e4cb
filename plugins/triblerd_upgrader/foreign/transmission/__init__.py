"""States of Transmission 2, 3 and 4."""
