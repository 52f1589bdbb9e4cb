"""Which session a download is in: the plain one, or an anonymous one."""

from triblerd.errors import OperationError
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_downloads.records import Records
from triblerd_libtorrent.api import TorrentEngine


class NoTunnelsError(OperationError):
    """There is no session for anonymous downloads."""


class Hops:
    """Moves downloads between sessions; their files stay."""

    def __init__(self, *, engine: TorrentEngine, downloads: DownloadSet, records: Records, handover: Handover) -> None:
        self._engine = engine
        self._downloads = downloads
        self._records = records
        self._handover = handover

    def require(self, hops: int) -> None:
        """Check that there is a session of that many hops.

        Raises:
            NoTunnelsError: there is none.
        """
        if not self.available(hops):
            msg = f"Anonymous downloads need the tunnels plugin; there is no session of {hops} hops"
            raise NoTunnelsError(msg)

    def available(self, hops: int) -> bool:
        """Return whether there is a session of that many hops."""
        return hops == 0 or hops in self._engine.sessions()

    async def change(self, download: ActiveDownload, hops: int) -> None:
        """Put a download into another session, running or stopped as it was.

        Raises:
            NoTunnelsError: there is no such session; nothing was changed.
        """
        self.require(hops)
        infohash = download.infohash
        await self._handover.settle(download)
        if hops != download.record.hops and self._engine.has(infohash):
            await self._engine.checkpoint(infohash)
            await self._engine.remove(infohash)
            download.status = None
        download.record = await self._records.change(infohash, hops=hops, safe_seeding=False)
        self._downloads.touch(infohash)
        if not self._engine.has(infohash):
            self._handover.ask(download)
