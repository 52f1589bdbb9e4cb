"""The programs whose states are known."""

from triblerd_upgrader.foreign.values import Reader

READERS: tuple[Reader, ...] = ()
"""In this order they look at a directory."""
