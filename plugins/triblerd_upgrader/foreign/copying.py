"""Private copies of states, so that the source is never changed, not even by a database that is opened."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from triblerd_upgrader.foreign.values import NotTaken

DEPTH = 6
MOST_BYTES = 64 * 1024 * 1024
"""Of one file that is no database; larger ones are no part of a state."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DATABASES = (".db", ".db-wal", ".db-shm", ".db-journal", ".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite3")
_SUFFIXES = frozenset(
    {
        "",
        ".bak",
        ".conf",
        ".dat",
        ".fastresume",
        ".ini",
        ".json",
        ".libtorrent_resume",
        ".lock",
        ".magnet",
        ".pem",
        ".pid",
        ".rc",
        ".resume",
        ".rtorrent",
        ".state",
        ".torrent",
        *_DATABASES,
    }
)


def copy_state(root: Path, target: Path, parts: Sequence[Path] = ()) -> list[NotTaken]:
    """Copy the files of a state, and return those that cannot be read. Blocks.

    What a database has beside itself is copied with it, or its newest rows would be missing. Downloads may lie in the
    same directory: files that no program keeps its state in are left out.

    Args:
        root: The directory of the state.
        target: A new directory.
        parts: Files and directories below the root, when not all of it is the state's.

    Raises:
        OSError: there is no room for the copy.
    """
    failed: list[NotTaken] = []
    target.mkdir(mode=0o700, parents=True)
    for path in chain.from_iterable(map(_files, parts or [root])):
        copy = target / path.relative_to(root)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        except OSError as error:
            if error.errno in _NO_ROOM:  # it is not the source's fault, and without the rest nothing is whole
                raise
            failed.append(NotTaken(str(path.relative_to(root)), f"it cannot be read: {error.strerror or error}"))
    return failed


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        if len(Path(folder).relative_to(root).parts) >= DEPTH:
            folders.clear()
        for name in sorted(names):
            path = Path(folder) / name
            if _is_of_state(path):
                yield path


def _is_of_state(path: Path) -> bool:
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        status = path.stat()
    except OSError:  # to be told of
        return True
    return stat.S_ISREG(status.st_mode) and (status.st_size <= MOST_BYTES or path.name.endswith(_DATABASES))
