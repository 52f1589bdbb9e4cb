"""Moving the files of downloads, also when the daemon ends in the middle of it."""

import asyncio
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from triblerd.errors import InvalidInputError, TriblerdError
from triblerd.services import FileRoots
from triblerd_downloads.api import UnknownDownloadError
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.folders import Folders
from triblerd_downloads.handover import Handover
from triblerd_downloads.records import Records
from triblerd_downloads.relocation import StoppedError, finish_move, obstacle, paths_of, take_back
from triblerd_libtorrent.api import (
    Infohash,
    MetainfoError,
    StorageMoved,
    StorageMoveFailed,
    TorrentEngine,
    TorrentStore,
)

log = logging.getLogger(__name__)

_EXISTS = "File exists"
"""The engine's text when it has not touched anything, since something has a file's name already."""


class Moves:
    """Moves files and keeps the record of where they are.

    While ``moving_to`` is set in a record, whatever has the name of a file there is ours: that is looked at before.
    """

    def __init__(  # noqa: PLR0913 - all that a move concerns
        self,
        *,
        engine: TorrentEngine,
        torrents: TorrentStore,
        downloads: DownloadSet,
        records: Records,
        handover: Handover,
        folders: Folders,
        roots: FileRoots,
    ) -> None:
        self._engine = engine
        self._torrents = torrents
        self._downloads = downloads
        self._records = records
        self._handover = handover
        self._folders = folders
        self._roots = roots
        self._beginning: set[Infohash] = set()
        self._failed: set[Infohash] = set()
        self._stop = threading.Event()

    async def checked_target(self, folder: str) -> str:
        """Return the plain spelling of a directory that files may be moved to.

        Raises:
            InvalidInputError: it is no existing directory, or not one of those that are allowed.
        """
        if "\0" in folder or not await asyncio.to_thread(_is_folder, folder):
            msg = f"Target directory ({folder}) does not exist"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(folder)):
            msg = f"Target directory ({folder}) is outside of the allowed directories"
            raise InvalidInputError(msg)
        return await asyncio.to_thread(_plain, folder)

    async def begin(self, download: ActiveDownload, folder: str) -> None:
        """Move the files to a directory that was checked; the end is not waited for.

        Without the torrent in the engine there is nothing to move, and the new destination is used from now on.
        """
        await self._handover.settle(download)
        infohash, places = download.infohash, (download.record.moving_to, download.record.destination)
        folder = await asyncio.to_thread(_known, folder, places)
        if not self._engine.has(infohash):
            download.record = await self._records.change(infohash, destination=folder, moving_to="")
        elif folder != (download.record.moving_to or download.record.destination):
            if folder != download.record.destination and (
                reason := await asyncio.to_thread(obstacle, await self._paths(infohash), Path(folder))
            ):
                self._complain(download, reason)
                return
            download.record = await self._records.change(infohash, moving_to=folder)
            download.trouble = ""
            await self._engine.move_storage(infohash, folder)
        else:  # that is where they are, or are moved to
            self._failed.discard(infohash)
            download.trouble = ""
        self._downloads.touch(infohash)

    async def when_complete(self, download: ActiveDownload) -> None:
        """Move the files of a complete download to where they go then, if they are not there.

        What is in the way is shown with the download. It is tried again when the user resumes the download, and at
        the next start.
        """
        await self._forget_other_spelling(download)
        record, infohash = download.record, download.infohash
        if record.completed_dir in {"", record.destination, record.moving_to} or infohash in self._beginning:
            return
        self._beginning.add(infohash)
        try:
            await self.begin(download, await self._folders.make("completed_dir", record.completed_dir))
        except TriblerdError as error:
            self._complain(download, str(error))
        finally:
            self._beginning.discard(infohash)

    async def try_again(self, download: ActiveDownload) -> None:
        """Move the files of a complete download, if that has failed."""
        if download.infohash in self._failed:
            self._failed.discard(download.infohash)
            await self.when_complete(download)

    async def redirect(self, download: ActiveDownload, folder: str) -> None:
        """Move the files to a directory, which exists; those that go elsewhere when they are complete, then."""
        infohash = download.infohash
        waits = download.record.completed_dir not in {"", download.record.destination}
        if waits and not (download.status is not None and download.status.is_finished):
            download.record = await self._records.change(infohash, completed_dir=folder)
            self._downloads.touch(infohash)
            return
        download.record = await self._records.change(infohash, completed_dir="")
        await self.begin(download, folder)

    async def follow_files(self, download: ActiveDownload) -> None:
        """Put a magnet link, whose name is known only now, to where its files are already, and have them checked."""
        await self._forget_other_spelling(download)
        record, infohash = download.record, download.infohash
        if record.completed_dir in {"", record.destination} or record.moving_to or not record.name:
            return
        if not await asyncio.to_thread(os.path.lexists, Path(record.completed_dir) / record.name):
            return
        await self._engine.remove(infohash, remove_data=True)  # what came in the meantime, which is hardly anything
        download.status = None
        download.record = await self._records.change(infohash, destination=record.completed_dir)
        self._handover.ask(download)
        await self._handover.settle(download)
        if self._engine.has(infohash):
            await self._engine.recheck(infohash)

    def held(self) -> list[ActiveDownload]:
        """Return the downloads that the engine shall not have before ``go_on`` has finished their moves."""
        return [download for download in self._downloads.all() if download.record.moving_to]

    async def go_on(self) -> None:
        """Finish what the end of an earlier life broke off, one after the other."""
        for download in self.held():
            try:
                await self._finish(download)
            except UnknownDownloadError:
                continue
            except Exception as error:  # a border: one download must not hold up all others
                log.exception("The move of %s was not finished", download.infohash)
                self._complain(download, str(error) or type(error).__name__)
                self._handover.ask(download)

    def stop(self) -> None:
        """Give up what is being copied by hand."""
        self._stop.set()

    async def moved(self, event: StorageMoved) -> None:
        """Note where the files are now."""
        download = self._downloads.find(event.infohash)
        if download is not None:
            await self._settle(download, event.save_path)

    async def failed(self, event: StorageMoveFailed) -> None:
        """Note that the files stayed, and remove the copies that the engine made."""
        download = self._downloads.find(event.infohash)
        if download is None:
            return
        trouble = ""
        if download.record.moving_to and event.error != _EXISTS:
            try:
                trouble = await self._take_back(download)
            except StoppedError:  # the next start goes on
                return
        await self._settle(download, download.record.destination, given_up=True)
        self._complain(download, trouble or event.error)

    async def _forget_other_spelling(self, download: ActiveDownload) -> None:
        """Have the files stay where they are if it is where they shall go, under another name of the directory."""
        record = download.record
        if record.completed_dir in {"", record.destination}:
            return
        if await asyncio.to_thread(_is_same, record.completed_dir, record.destination):
            download.record = await self._records.change(download.infohash, completed_dir="")

    async def _finish(self, download: ActiveDownload) -> None:
        record, trouble = download.record, ""
        old, new = Path(record.destination), Path(record.moving_to)
        try:
            try:
                await asyncio.to_thread(finish_move, await self._paths(download.infohash), old, new, self._stop)
            except OSError as error:
                trouble = await self._take_back(download) or _text(error)
        except StoppedError:  # the next start goes on
            return
        await self._settle(download, record.destination if trouble else record.moving_to, given_up=bool(trouble))
        if trouble:
            self._complain(download, trouble)
        self._handover.ask(download)

    async def _take_back(self, download: ActiveDownload) -> str:
        """Return what went wrong, if anything did.

        Raises:
            StoppedError: the daemon ends.
        """
        old, new = Path(download.record.destination), Path(download.record.moving_to)
        try:
            await asyncio.to_thread(take_back, await self._paths(download.infohash), old, new, self._stop)
        except OSError as error:
            return f"{_text(error)}, and some files are in {new}"
        return ""

    async def _paths(self, infohash: Infohash) -> list[Path]:
        raw = self._torrents.metainfo(infohash)
        try:
            if raw is None:
                return []
            return paths_of(await self._engine.parse_metainfo(raw), self._torrents.renamed_files(infohash))
        except MetainfoError:  # of which nothing was ever written
            return []

    async def _settle(self, download: ActiveDownload, place: str, *, given_up: bool = False) -> None:
        """Note where the files are. Another move may have been asked for in the meantime."""
        download.trouble = ""
        download.record = await self._records.edit(
            download.infohash,
            lambda record: {
                "destination": place,
                "moving_to": "" if given_up or record.moving_to == place else record.moving_to,
            },
        )
        self._downloads.touch(download.infohash)

    def _complain(self, download: ActiveDownload, reason: str) -> None:
        log.warning("The files of %s stay where they are: %s", download.infohash, reason)
        self._failed.add(download.infohash)
        download.trouble = f"The files were not moved: {reason}"
        self._downloads.touch(download.infohash)


def _text(error: OSError) -> str:
    return f"{error.filename or 'a file'}: {error.strerror or error}"


def _plain(folder: str) -> str:
    """Return an existing directory without what is superfluous in its spelling; links in it stay."""
    plain = os.path.normpath(f"/{folder.lstrip('/')}")
    # Without `..` it may be another one, where that comes after a link.
    return plain if _is_same(plain, folder) else os.path.realpath(folder)


def _known(folder: str, places: Iterable[str]) -> str:
    """Return the one of the places that a directory is, by whatever links; else itself."""
    return next((place for place in places if place and _is_same(place, folder)), folder)


def _is_same(one: str, other: str) -> bool:
    try:
        return one == other or Path(one).samefile(other)
    except OSError:  # one of them is not there
        return False


def _is_folder(folder: str) -> bool:
    try:
        return Path(folder).is_absolute() and Path(folder).is_dir()
    except OSError:  # a name that is too long, for one
        return False
