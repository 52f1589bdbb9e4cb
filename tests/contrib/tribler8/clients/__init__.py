"""Programs that speak to version 8 of Tribler: what they send, byte for byte, and what they make of the answers."""
