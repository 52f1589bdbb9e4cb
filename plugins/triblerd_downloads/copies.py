"""Copies of torrent files in a directory of the user's, one for each new download."""

import asyncio
import logging
import os
import re
from pathlib import Path

from triblerd.services import FileRoots
from triblerd.tasks import Tasks
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import Infohash

log = logging.getLogger(__name__)

_MOST_BYTES = 255
"""Of the name of a file."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f/]")
_PARTIAL = ".partial"


class TorrentCopies:
    """Writes copies in the background. One that cannot be written is told in the log, and the download goes on."""

    def __init__(self, *, settings: DownloadSettings, roots: FileRoots, tasks: Tasks) -> None:
        self._settings = settings
        self._roots = roots
        self._tasks = tasks

    def keep(self, infohash: Infohash, name: str, raw: bytes) -> None:
        """Write a copy if the user wants copies."""
        folder = self._settings.defaults.torrent_folder
        if folder:
            self._tasks.start("torrent-copy", self._write(Path(folder).expanduser(), file_name(infohash, name), raw))

    async def _write(self, folder: Path, name: str, raw: bytes) -> None:
        if not folder.is_absolute() or not self._roots.allow(folder):
            log.warning("No copy of %s: %s must be an allowed directory, by its absolute path", name, folder)
            return
        try:
            await asyncio.to_thread(_store, folder, name, raw)
        except (OSError, ValueError) as error:  # ValueError: a path that no system can have
            log.warning("No copy of %s in %s: %s", name, folder, error)


def file_name(infohash: Infohash, name: str) -> str:
    """Return ``<name> [<infohash>].torrent``, without slashes and what no terminal shows, and not too long."""
    ending = f" [{infohash}].torrent"
    room = _MOST_BYTES - len(ending) - len(_PARTIAL) - 1
    fitting = _UNFIT.sub("_", name).encode(errors="replace")[:room].decode(errors="ignore")
    return f"{fitting.lstrip('.') or 'unknown'}{ending}"


def _store(folder: Path, name: str, raw: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}{_PARTIAL}"  # no program that watches the directory takes half a file
    try:
        with partial.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / name)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
