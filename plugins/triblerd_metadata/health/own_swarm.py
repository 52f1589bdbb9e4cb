"""What this daemon's own downloads know of the peers of a torrent. Nobody is asked."""

from contextlib import suppress

from triblerd.plugin import Services
from triblerd_downloads.api import Downloads, UnknownDownloadError
from triblerd_libtorrent.api import MOST_HOPS, Infohash, TorrentEngine
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.health.values import Counted


class OwnSwarm:
    """Looks at the downloads, if there are any.

    Args:
        services: Finds them.
        discretion: Knows what the user met through tunnels.
    """

    def __init__(self, services: Services, discretion: Discretion) -> None:
        self._services = services
        self._discretion = discretion

    def counted(self, infohash: bytes) -> Counted | None:
        """Return how many peers a running download knows, ``None`` when that is nobody."""
        engine = self._services.find(TorrentEngine)
        row = engine.status(Infohash(infohash.hex())) if engine is not None else None
        if row is None or row.is_paused:
            return None
        seeds = max(row.list_seeds, row.num_seeds)
        others = max(row.list_peers, row.num_peers) - seeds
        return Counted(seeds, max(others, 0)) if seeds or others > 0 else None

    def hops_away(self, infohash: bytes) -> int:
        """Return over how many hops others may be asked of a torrent at least: 0 from here, more than there are never.

        The peers of a private download (BEP 27) are its trackers' business alone; one with hops would be known to be
        ours, also while it waits for tunnels, and after it was removed.
        """
        downloads = self._services.find(Downloads)
        if downloads is not None:
            with suppress(UnknownDownloadError):
                record = downloads.get(Infohash(infohash.hex())).record
                return MOST_HOPS + 1 if record.is_private else record.hops
        return int(self._discretion.covers(infohash))
