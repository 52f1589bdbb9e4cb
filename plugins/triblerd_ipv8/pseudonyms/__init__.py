"""Attestations and pseudonyms: overlays that this daemon does not have, and what is answered in their place."""
