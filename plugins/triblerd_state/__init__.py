"""Tells where the daemon is in its life: for splash screens, and for scripts that wait for the start."""
