"""What follows from what the engine says of a torrent."""

from triblerd_libtorrent.api import TorrentStatus

_SLOWEST = 1e-6
"""Bytes per second that stand for none, so that the time left is very long, and a number."""


def availability(status: TorrentStatus | None) -> float:
    """Return how many copies of the torrent the connected peers hold together; an ``int`` when the number is whole.

    There are programs that read nothing else.
    """
    copies = _copies(status)
    return int(copies) if copies.is_integer() else copies


def _copies(status: TorrentStatus | None) -> float:
    if status is None:
        return 0.0
    # The engine counts our own pieces, too, which matters most where nobody else has parts; and it does not count
    # for a torrent that is complete.
    if status.num_peers == status.num_seeds or status.distributed_copies < 0:
        return float(status.num_seeds)
    return status.distributed_copies


def seconds_left(size: int, status: TorrentStatus | None) -> float:
    """Return how long a download of ``size`` bytes still takes at the present rate."""
    if status is None or status.progress >= 1:
        return 0.0
    rate = 0 if status.is_paused else status.download_rate  # of a paused torrent the engine says nothing new
    return (1 - status.progress) * size / max(rate, _SLOWEST)
