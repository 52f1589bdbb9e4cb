"""How many seeds and leechers trackers know of: most say it when they answer an announce, and no event tells."""

from contextlib import suppress

from triblerd.errors import OperationError
from triblerd.tasks import Tasks
from triblerd_downloads.download_set import DownloadSet
from triblerd_libtorrent.api import Infohash, TorrentSwarm, TrackersChanged, UnknownTorrentError


class SwarmSizes:
    """Asks the engine for the numbers of downloads whose trackers have said something, one after the other."""

    def __init__(self, *, swarm: TorrentSwarm, downloads: DownloadSet, tasks: Tasks) -> None:
        self._swarm = swarm
        self._downloads = downloads
        self._tasks = tasks
        self._waiting: dict[Infohash, None] = {}
        self._is_asking = False

    def changed(self, event: TrackersChanged) -> None:
        """Take notice of what a tracker has said."""
        self._waiting[event.infohash] = None
        if not self._is_asking:
            self._is_asking = True
            self._tasks.start("swarm-sizes", self._ask_all())

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                infohash = next(iter(self._waiting))
                del self._waiting[infohash]
                with suppress(UnknownTorrentError, OperationError):  # it was removed meanwhile
                    await self._ask(infohash)
        finally:
            self._is_asking = False

    async def _ask(self, infohash: Infohash) -> None:
        announces = await self._swarm.announces(infohash)
        sizes = {url: (one.seeds, one.leeches) for url, one in announces.items() if max(one.seeds, one.leeches) >= 0}
        download = self._downloads.find(infohash)
        if download is not None and download.swarm_sizes != sizes:
            download.swarm_sizes = sizes
            self._downloads.touch(infohash)
