"""The programs whose states are known."""

from triblerd_upgrader.foreign.qbittorrent.reader import QBittorrent
from triblerd_upgrader.foreign.transmission.reader import Transmission
from triblerd_upgrader.foreign.values import Reader

READERS: tuple[Reader, ...] = (QBittorrent(), Transmission())
"""In this order they look at a directory."""
