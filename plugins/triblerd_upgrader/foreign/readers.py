"""The programs whose states are known."""

from triblerd_upgrader.foreign.deluge.reader import Deluge
from triblerd_upgrader.foreign.qbittorrent.reader import QBittorrent
from triblerd_upgrader.foreign.rtorrent.reader import RTorrent
from triblerd_upgrader.foreign.transmission.reader import Transmission
from triblerd_upgrader.foreign.tribler.reader7 import Tribler7
from triblerd_upgrader.foreign.tribler.reader8 import Tribler8
from triblerd_upgrader.foreign.values import Reader

READERS: tuple[Reader, ...] = (Tribler7(), Tribler8(), QBittorrent(), Transmission(), Deluge(), RTorrent())
"""In this order they look at a directory."""
