"""Ends the daemon on a client's word."""
