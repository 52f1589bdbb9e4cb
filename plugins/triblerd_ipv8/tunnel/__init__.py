"""Circuits, relays, exits and hidden swarms, as the tunnels plugin shows them."""
