"""From a request for a file to a download that can be played."""

import asyncio

from triblerd_downloads.api import Change, UnknownDownloadError
from triblerd_downloads.download import ActiveDownload, is_stopped
from triblerd_downloads.downloads import DownloadManager
from triblerd_downloads.states import TRANSFERRING
from triblerd_downloads.streaming.spans import FileSpan, find_span

READY_SECONDS = 10.0
"""How long a client waits for a download to run."""
_POLL_SECONDS = 0.02


class Preparation:
    """Finds files, and starts what is stopped."""

    def __init__(self, *, manager: DownloadManager) -> None:
        self._manager = manager

    async def find(self, download: ActiveDownload, index: int) -> FileSpan | None:
        """Return where a file is, ``None`` when there is none of that index, or not yet any at all."""
        metainfo = await self._manager.metainfo(download.infohash)
        return None if metainfo is None else find_span(metainfo, index)

    async def wait_for_files(self, download: ActiveDownload) -> None:
        """Wait until the files of a magnet link are known; start it if it is stopped.

        Raises:
            TimeoutError: that takes longer than ``READY_SECONDS``.
            UnknownDownloadError: it was removed meanwhile.
        """
        if not download.has_metadata:
            await self._start(download)
            async with asyncio.timeout(READY_SECONDS):
                while not download.has_metadata:
                    await self._pause(download)

    async def wait_until_running(self, download: ActiveDownload) -> None:
        """Start a download if it is stopped, and wait until it downloads or seeds.

        Raises:
            TimeoutError: that takes longer than ``READY_SECONDS``.
            UnknownDownloadError: it was removed meanwhile.
        """
        async with asyncio.timeout(READY_SECONDS):
            await self._start(download)
            while download.state not in TRANSFERRING:
                await self._pause(download)

    async def _start(self, download: ActiveDownload) -> None:
        status = download.status
        is_queued = status is not None and status.is_paused and status.is_auto_managed
        if is_stopped(download.record) or download.stop_reason or is_queued:
            wish = Change(running=True, auto_managed=False) if is_queued else Change(running=True)
            await self._manager.change(download.infohash, wish)

    async def _pause(self, download: ActiveDownload) -> None:
        await asyncio.sleep(_POLL_SECONDS)
        if self._manager.find(download.infohash) is not download:
            raise UnknownDownloadError
