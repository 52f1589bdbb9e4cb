"""Which session a download is in: the plain one, or an anonymous one."""

from typing import Any

from triblerd_downloads.download import ActiveDownload, snapshot
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_downloads.records import Records
from triblerd_downloads.states import CHECKING
from triblerd_libtorrent.api import TorrentEngine, TunnelAccess


class Hops:
    """Moves downloads between sessions; their files stay."""

    def __init__(
        self,
        *,
        engine: TorrentEngine,
        tunnels: TunnelAccess,
        downloads: DownloadSet,
        records: Records,
        handover: Handover,
    ) -> None:
        self._engine = engine
        self._tunnels = tunnels
        self._downloads = downloads
        self._records = records
        self._handover = handover

    async def change(self, download: ActiveDownload, hops: int) -> None:
        """Put a download into another session, running or stopped as it was, as soon as there is that session.

        Raises:
            NoTunnelsError: there can be no such session; nothing was changed.
        """
        self._tunnels.require(hops)
        infohash = download.infohash
        await self._handover.settle(download)
        figures: dict[str, Any] = {}
        if hops != download.record.hops and self._engine.has(infohash):
            # A check that is broken off cannot go on: the pieces that were on their way would be missing for good.
            download.is_doubtful = download.status is not None and download.status.state in CHECKING
            await self._engine.checkpoint(infohash)
            await self._engine.remove(infohash)
            figures = snapshot(download.status)  # for as long as it waits for the other session
            download.status = None
        download.record = await self._records.change(infohash, hops=hops, safe_seeding=False, **figures)
        self._downloads.touch(infohash)
        if not self._engine.has(infohash):
            self._handover.ask(download)
