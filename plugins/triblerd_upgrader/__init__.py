"""Brings older and foreign states up to date."""
