"""A headless BitTorrent daemon made of a minimal kernel and plugins. This package is the kernel."""

__version__ = "0.1.0"
