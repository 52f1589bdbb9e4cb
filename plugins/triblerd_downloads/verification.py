"""Checks downloads once more when they are complete, if the user wants that."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.states import CHECKING
from triblerd_libtorrent.api import Infohash, TorrentChecked, TorrentEngine, TorrentStatus

ROW_SECONDS = 3.0
"""The engine counts once a second what has come; what it does not tell by then has not."""


@dataclass
class _Signals:
    row: asyncio.Event = field(default_factory=asyncio.Event)
    checked: asyncio.Event = field(default_factory=asyncio.Event)


class Verification:
    """Has the engine hash what has come. While it does, a download counts for incomplete: nothing is moved or told."""

    def __init__(self, *, engine: TorrentEngine, downloads: DownloadSet, settings: DownloadSettings) -> None:
        self._engine = engine
        self._downloads = downloads
        self._settings = settings
        self._busy: dict[Infohash, _Signals] = {}
        downloads.when_dropped(self._wake)

    def begin(self, download: ActiveDownload) -> None:
        """Take a download that is complete, if such are to be verified; ``verify`` does it."""
        if self._settings.config.check_after_complete and download.record.received_before is not None:
            self._busy[download.infohash] = _Signals()

    def is_busy(self, infohash: Infohash) -> bool:
        """Return whether a download waits for its verification, or for its end."""
        return infohash in self._busy

    def saw(self, infohash: Infohash) -> None:
        """Take notice of a new row of the engine."""
        if infohash in self._busy:
            self._busy[infohash].row.set()

    async def verify(self, download: ActiveDownload) -> bool:
        """Verify a download that has received something; return whether it is still complete.

        Raises:
            UnknownDownloadError: it was removed meanwhile.
            UnknownTorrentError: the engine lost it meanwhile.
        """
        signals = self._busy.get(download.infohash)
        if signals is None:
            return True
        end = self._engine.listen(TorrentChecked, self._has_checked)
        try:
            if not await self._has_received(download, signals):  # then it was checked a moment ago
                return True
            await self._engine.recheck(download.infohash)
            await signals.checked.wait()
            while (status := await self._next_row(download, signals)) is None or status.state in CHECKING:
                pass
            return status.is_finished
        finally:
            end()
            self._busy.pop(download.infohash, None)

    async def _has_received(self, download: ActiveDownload, signals: _Signals) -> bool:
        """Return whether some of it came from others, of which the next row tells."""
        before = download.record.received_before or 0
        with suppress(TimeoutError):
            async with asyncio.timeout(ROW_SECONDS):
                while (status := download.status) is None or status.all_time_download <= before:
                    await self._next_row(download, signals)
        return download.status is not None and download.status.all_time_download > before

    async def _next_row(self, download: ActiveDownload, signals: _Signals) -> TorrentStatus | None:
        signals.row.clear()
        await signals.row.wait()
        self._downloads.get(download.infohash)
        return download.status

    def _has_checked(self, event: TorrentChecked) -> None:
        if event.infohash in self._busy:
            self._busy[event.infohash].checked.set()

    def _wake(self, infohash: Infohash) -> None:
        if infohash in self._busy:
            self._busy[infohash].row.set()
            self._busy[infohash].checked.set()
