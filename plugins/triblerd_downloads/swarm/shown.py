"""What a list says of the trackers of a download."""

from collections.abc import Mapping

import msgspec

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
            *(_with_sizes(tracker, download.swarm_sizes) for tracker in self._swarm.trackers(download.infohash)),
            _pseudo(DHT, dht, WORKING if uses_dht else DISABLED),
            _pseudo(PEX, pex, WORKING),
        ]


def _with_sizes(tracker: Tracker, sizes: Mapping[str, tuple[int, int]]) -> Tracker:
    if tracker.url not in sizes:
        return tracker
    seeds, leeches = sizes[tracker.url]
    return msgspec.structs.replace(tracker, seeds=max(tracker.seeds, seeds), leeches=max(tracker.leeches, leeches))


def _pseudo(url: str, peers: int, status: str) -> Tracker:
    return Tracker(url=url, tier=PSEUDO_TIER, peers=peers, seeds=-1, leeches=-1, last_announce=0, status=status)
