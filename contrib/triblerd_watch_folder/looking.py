"""What is in a directory: asks the disk, so it is for a thread."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from triblerd_watch_folder.folders import Folder
from triblerd_watch_folder.seen import SeenFile, Stamp

TORRENT_ENDING = ".torrent"
MAGNET_ENDING = ".magnet"
_ENDINGS = (TORRENT_ENDING, MAGNET_ENDING)


@dataclass(frozen=True)
class FoundFile:
    """A file that is not known yet, or that changed.

    Attributes:
        path: Absolute; bytes that are no UTF-8 stand in it as lone surrogates.
    """

    path: str
    stamp: Stamp

    @property
    def name(self) -> str:
        """The base name."""
        return os.path.basename(self.path)  # noqa: PTH119 - text throughout: paths as objects take ten times as long

    @property
    def is_magnet(self) -> bool:
        """Whether it is a text with a link."""
        return self.path.lower().endswith(MAGNET_ENDING)


@dataclass
class Look:
    """What one look at a directory found.

    Attributes:
        count: Files that are torrents by their names.
        new: Those of them that are to be added, by path.
        there: Seen files that were missing, and are there again as they were.
        missing: Seen files that are not there.
        unreadable: Sub-directories that cannot be looked into, and why.
    """

    count: int = 0
    new: list[FoundFile] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def look_into(folder: Folder, seen: Mapping[str, SeenFile]) -> Look:
    """Return what is in a directory, compared with what was seen.

    Links are not followed, but for the directory itself, which may be one. Names that begin with a dot are left out:
    programs call files so that are not meant to be found, such as unfinished copies.

    Args:
        folder: The directory.
        seen: Files in it that were dealt with, by path. Nobody changes it meanwhile.

    Raises:
        OSError: the directory itself cannot be read.
    """
    look = Look()
    present: set[str] = set()
    for path, status in _files(folder, look):
        look.count += 1
        present.add(path)
        size, mtime_ns = status.st_size, status.st_mtime_ns
        known = seen.get(path)
        if known is None or known.mtime_ns != mtime_ns or known.size != size:
            look.new.append(FoundFile(path, Stamp(size, mtime_ns)))
        elif known.gone:
            look.there.append(path)
    if len(present) - len(look.new) < len(seen):
        closed = tuple(f"{path}/" for path in look.unreadable)
        look.missing = [path for path in seen if path not in present and not path.startswith(closed)]
    look.new.sort(key=lambda file: file.path)
    return look


def _files(folder: Folder, look: Look) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [folder.path]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            if path == folder.path:
                raise
            if not isinstance(error, FileNotFoundError):  # one that is gone by now
                look.unreadable[path] = error.strerror or str(error)
            continue
        for entry in found:
            if entry.name.lower().endswith(_ENDINGS) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    yield entry.path, entry.stat(follow_symlinks=False)
            elif folder.options.recursive and entry.is_dir(follow_symlinks=False) and entry.path not in folder.inner:
                waiting.append(entry.path)
