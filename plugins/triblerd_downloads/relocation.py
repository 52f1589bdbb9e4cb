"""The files of a torrent on their way to another directory, by hand: what the engine began and could not end.

The engine renames files or, to another file system, copies all of them and only then removes the old ones. So wherever
it was stopped, a file that is still at its old place is whole there, and what has its name at the new place is a copy
that may be cut short, though of full length; a file that is at the new place alone is whole there.
"""

import errno
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from triblerd_libtorrent.api import Metainfo

_BLOCK = 1 << 20


class StoppedError(Exception):
    """The daemon ends; the move goes on at the next start."""


def paths_of(metainfo: Metainfo, renamed: Mapping[int, str]) -> list[Path]:
    """Return what the engine keeps of a torrent below its directory.

    Beside the files there may be one with parts of pieces that reach into unwanted files, named after the infohash.

    Args:
        metainfo: What the torrent file says.
        renamed: Files that have other names, by position.
    """
    hashes = dict.fromkeys((metainfo.infohash_v1, metainfo.infohash_v2[:40]))
    files = [Path(renamed.get(file.index, file.path)) for file in metainfo.files if not file.is_pad]
    return files + [Path(f".{infohash}.parts") for infohash in hashes if infohash]


def obstacle(paths: Sequence[Path], folder: Path) -> str:
    """Return what keeps files from being moved to a directory; empty when nothing does."""
    place = _Place(folder)
    for path in paths:
        if place.leads_out(path):
            return f"a link leads from {folder / path} to another place"
        if os.path.lexists(folder / path):
            return f"{folder / path} exists already"
    return ""


def finish_move(paths: Sequence[Path], old: Path, new: Path, stop: threading.Event) -> None:
    """Bring all files to the new place, over copies that an earlier attempt left there.

    Args:
        paths: Relative.
        old: Where the files were.
        new: Where some of them may be already; no others are there by their names.
        stop: When it is set, what is being copied is given up.

    Raises:
        OSError: some file cannot be brought there; nothing was lost, and ``take_back`` brings all of them back.
        StoppedError: ``stop`` was set.
    """
    source, target = _Place(old), _Place(new)
    copied = [path for path in paths if source.has(path) and not _carry(path, source, target, stop)]
    for path in copied:
        (old / path).unlink()
    _remove_empty_folders(paths, source)


def take_back(paths: Sequence[Path], old: Path, new: Path, stop: threading.Event) -> None:
    """Bring all files back to the old place, and remove the copies that were made of them.

    Raises:
        OSError: some file cannot be brought back; nothing was lost.
        StoppedError: ``stop`` was set.
    """
    source, target = _Place(old), _Place(new)
    for path in paths:
        if target.has(path) and (source.has(path) or not _carry(path, target, source, stop)):
            (new / path).unlink()
    _remove_empty_folders(paths, target)


class _Place:
    """A directory with files of a torrent. What links lead to outside of it is none of them (BEP 47 has links)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._inside: dict[Path, bool] = {}

    def has(self, path: Path) -> bool:
        """Return whether a file is here."""
        return not self.leads_out(path) and os.path.lexists(self.root / path)

    def leads_out(self, path: Path) -> bool:
        """Return whether a folder of a path is, by a link, somewhere else."""
        if path.parent not in self._inside:
            real = Path(os.path.realpath(self.root / path.parent))
            self._inside[path.parent] = real.is_relative_to(self._real)
        return not self._inside[path.parent]


def _carry(path: Path, origin: _Place, place: _Place, stop: threading.Event) -> bool:
    """Bring one file to another place; return false when it was copied, and is at both."""
    source, target = origin.root / path, place.root / path
    if place.leads_out(path):
        raise OSError(errno.ELOOP, "a link leads to another place", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target, stop)
        return False
    return True


def _copy(source: Path, target: Path, stop: threading.Event) -> None:
    if source.is_symlink():
        target.unlink(missing_ok=True)
        target.symlink_to(source.readlink())
        return
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(_BLOCK):
            if stop.is_set():
                raise StoppedError
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())  # before the other one is removed


def _remove_empty_folders(paths: Iterable[Path], place: _Place) -> None:
    folders = {parent for path in paths for parent in path.parents} - {Path()}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        if place.leads_out(folder):
            continue
        try:
            (place.root / folder).rmdir()
        except OSError:  # it is not there, or not empty
            continue
