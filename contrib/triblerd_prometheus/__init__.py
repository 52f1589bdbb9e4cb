"""Serves the daemon's figures to Prometheus, and to whatever else reads its text format."""
