"""The web seeds of a download (BEP 19), kept as its trackers are."""

from typing import Any

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.records import Records
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentStore, TorrentSwarm

MOST_WEB_SEEDS = 100
"""Of one download, beside those of its torrent file."""


class WebSeeds:
    """Lists and changes them. A change holds also while the engine lacks the torrent."""

    def __init__(
        self,
        *,
        engine: TorrentEngine,
        swarm: TorrentSwarm,
        torrents: TorrentStore,
        downloads: DownloadSet,
        records: Records,
    ) -> None:
        self._engine = engine
        self._swarm = swarm
        self._torrents = torrents
        self._downloads = downloads
        self._records = records

    async def all(self, infohash: Infohash) -> list[str]:
        """Return their URLs."""
        download = self._downloads.get(infohash)
        if self._engine.has(infohash):
            return sorted(await self._swarm.web_seeds(infohash))
        return await self._stored(download)

    async def add(self, infohash: Infohash, url: str) -> None:
        """Add one and ask it for pieces; one that is there already is ignored.

        Raises:
            InvalidInputError: there are too many.
        """
        download = self._downloads.get(infohash)

        def added(record: DownloadRecord) -> dict[str, Any]:
            web_seeds = tuple(dict.fromkeys((*record.swarm.web_seeds, url)))
            if len(web_seeds) > MOST_WEB_SEEDS:
                msg = f"A download has at most {MOST_WEB_SEEDS} web seeds beside those of its torrent file"
                raise InvalidInputError(msg)
            removed = tuple(known for known in record.swarm.removed_web_seeds if known != url)
            swarm = msgspec.structs.replace(record.swarm, web_seeds=web_seeds, removed_web_seeds=removed)
            return {"swarm": swarm}

        download.record = await self._records.edit(infohash, added)
        if self._engine.has(infohash):
            self._swarm.add_web_seeds(infohash, [url])

    async def remove(self, infohash: Infohash, url: str) -> None:
        """Remove one for good; an unknown one is ignored."""
        download = self._downloads.get(infohash)
        if url not in (*await self.all(infohash), *download.record.swarm.web_seeds):
            return

        def left(record: DownloadRecord) -> dict[str, Any]:
            web_seeds = tuple(known for known in record.swarm.web_seeds if known != url)
            removed = tuple(dict.fromkeys((*record.swarm.removed_web_seeds, url)))[-MOST_WEB_SEEDS:]
            swarm = msgspec.structs.replace(record.swarm, web_seeds=web_seeds, removed_web_seeds=removed)
            return {"swarm": swarm}

        download.record = await self._records.edit(infohash, left)
        if self._engine.has(infohash):
            self._swarm.remove_web_seeds(infohash, [url])

    async def _stored(self, download: ActiveDownload) -> list[str]:
        """Return what the stores say while the engine does not have the torrent."""
        swarm = download.record.swarm
        raw = self._torrents.metainfo(download.infohash)
        first = () if raw is None else (await self._engine.parse_metainfo(raw)).web_seeds
        return sorted({*first, *swarm.web_seeds} - set(swarm.removed_web_seeds))
