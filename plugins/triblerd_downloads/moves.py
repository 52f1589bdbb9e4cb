"""Moving the files of downloads, also when the daemon ends in the middle of it."""

import asyncio
import logging
from pathlib import Path

from triblerd.errors import InvalidInputError, TriblerdError
from triblerd.services import FileRoots
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_downloads.records import Records
from triblerd_libtorrent.api import Infohash, StorageMoved, StorageMoveFailed, TorrentEngine

log = logging.getLogger(__name__)


class Moves:
    """Moves files and keeps the record of where they are."""

    def __init__(
        self,
        *,
        engine: TorrentEngine,
        downloads: DownloadSet,
        records: Records,
        handover: Handover,
        roots: FileRoots,
    ) -> None:
        self._engine = engine
        self._downloads = downloads
        self._records = records
        self._handover = handover
        self._roots = roots

    async def check_target(self, folder: str) -> None:
        """Check that files may be moved to ``folder``.

        Raises:
            InvalidInputError: it is no existing directory, or not one of those that are allowed.
        """
        if "\0" in folder or not await asyncio.to_thread(_is_folder, folder):
            msg = f"Target directory ({folder}) does not exist"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(folder)):
            msg = f"Target directory ({folder}) is outside of the allowed directories"
            raise InvalidInputError(msg)

    async def begin(self, download: ActiveDownload, folder: str) -> None:
        """Move the files to a directory that was checked; the end is not waited for.

        Without the torrent in the engine there is nothing to move, and the new destination is used from now on.
        """
        await self._handover.settle(download)
        infohash = download.infohash
        if not self._engine.has(infohash):
            download.record = await self._records.change(infohash, destination=folder, moving_to="")
        elif folder != download.record.destination or download.record.moving_to:
            download.record = await self._records.change(infohash, moving_to=folder)
            download.trouble = ""
            await self._engine.move_storage(infohash, folder)
        self._downloads.touch(infohash)

    async def go_on(self) -> None:
        """Take up what the end of an earlier life broke off."""
        for download in self._downloads.all():
            if download.record.moving_to:
                try:
                    await self.begin(download, download.record.moving_to)
                except TriblerdError as error:
                    log.warning("The move of %s was not taken up again: %s", download.infohash, error)

    async def moved(self, event: StorageMoved) -> None:
        """Note where the files are now."""
        await self._settle(event.infohash, event.save_path, "")

    async def failed(self, event: StorageMoveFailed) -> None:
        """Note that the files stayed."""
        log.warning("The files of %s stay where they are: %s", event.infohash, event.error)
        await self._settle(event.infohash, None, f"The files were not moved: {event.error}")

    async def _settle(self, infohash: Infohash, destination: str | None, trouble: str) -> None:
        download = self._downloads.find(infohash)
        if download is None:
            return
        place = destination or download.record.destination
        download.record = await self._records.change(infohash, destination=place, moving_to="")
        download.trouble = trouble
        self._downloads.touch(infohash)


def _is_folder(folder: str) -> bool:
    try:
        return Path(folder).is_absolute() and Path(folder).is_dir()
    except OSError:  # a name that is too long, for one
        return False
