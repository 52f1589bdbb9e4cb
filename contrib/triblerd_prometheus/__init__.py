"""Serves the daemon's figures to Prometheus."""
