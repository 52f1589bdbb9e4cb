"""Stops downloads that have seeded enough."""

import time
from contextlib import suppress

from triblerd_downloads.api import Category, UnknownDownloadError
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import apply
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.limits import has_seeded_enough
from triblerd_downloads.records import Records
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentStatus


class Seeding:
    """Watches complete downloads that run."""

    def __init__(
        self,
        *,
        engine: TorrentEngine,
        downloads: DownloadSet,
        records: Records,
        settings: DownloadSettings,
        categories: Categories,
    ) -> None:
        self._engine = engine
        self._downloads = downloads
        self._records = records
        self._settings = settings
        self._categories = categories
        self._seen: dict[Infohash, float] = {}

    def interval(self) -> float:
        """Return the seconds between two looks."""
        return self._settings.config.limits_interval

    def saw(self, status: TorrentStatus) -> None:
        """Take a new row; the engine is silent while nothing happens, and seconds of seeding go on."""
        if status.is_finished and not status.is_paused:
            self._seen[status.infohash] = time.monotonic()
        else:
            self._seen.pop(status.infohash, None)

    async def look(self) -> None:
        """Stop what has seeded enough."""
        for infohash in list(self._seen):
            await self.look_at(infohash)

    async def look_at(self, infohash: Infohash) -> None:
        """Stop one download if it has seeded enough."""
        seen = self._seen.get(infohash)
        if seen is None:
            return
        download = self._downloads.find(infohash)
        if download is None or not self._engine.has(infohash):
            del self._seen[infohash]
        elif self._has_enough(download, time.monotonic() - seen):
            with suppress(UnknownDownloadError):  # it was removed meanwhile
                await self._stop(download)

    def _has_enough(self, download: ActiveDownload, idle_seconds: float) -> bool:
        if download.status is None:
            return False
        category = self._categories.find(download.record.category) or Category()
        return has_seeded_enough(
            download.status, self._settings.defaults, download.record, category, idle_seconds=idle_seconds
        )

    async def _stop(self, download: ActiveDownload) -> None:
        before = download.record
        download.record = await self._records.change(download.infohash, has_seeded_enough=True)
        if self._engine.has(download.infohash):
            apply(self._engine, download, before)
        self._downloads.touch(download.infohash)
