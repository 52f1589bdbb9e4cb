"""Stands in the way of the package with this name, for programs that have this folder in their ``PYTHONPATH``."""

msg = "there is no such package for this machine"
raise ImportError(msg)
