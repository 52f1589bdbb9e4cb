"""What a list says of the trackers of a download."""

from triblerd_downloads.download import ActiveDownload
from triblerd_libtorrent.api import TorrentEngine, TorrentSwarm, Tracker

DHT, PEX = "[DHT]", "[PeX]"
NOT_CONTACTED, WORKING, DISABLED = "Not contacted yet", "Working", "Disabled"
PSEUDO_TIER = -1


class ShownTrackers:
    """Knows the trackers and, as two more of them, the DHT and the peer exchange."""

    def __init__(self, *, engine: TorrentEngine, swarm: TorrentSwarm) -> None:
        self._engine = engine
        self._swarm = swarm

    def of(self, download: ActiveDownload) -> list[Tracker]:
        """Return them as last reported; none while the engine does not have the torrent."""
        if not self._engine.has(download.infohash):
            return []
        uses_dht = self._engine.dht_is_running(download.record.hops) and not download.record.is_private
        dht, pex = download.found_by
        return [
            *self._swarm.trackers(download.infohash),
            _pseudo(DHT, dht, WORKING if uses_dht else DISABLED),
            _pseudo(PEX, pex, WORKING),
        ]


def _pseudo(url: str, peers: int, status: str) -> Tracker:
    return Tracker(url=url, tier=PSEUDO_TIER, peers=peers, seeds=-1, leeches=-1, last_announce=0, status=status)
