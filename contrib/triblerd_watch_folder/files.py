"""Reading, renaming and deleting files of a watched directory. Asks the disk, so it is for a thread.

Whoever may write into the directory could put a link in the place of one of its sub-directories. So every step down is
made without following one: what is read, renamed or deleted lies in the directory.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from triblerd.errors import FailedError
from triblerd_watch_folder.folders import Folder
from triblerd_watch_folder.looking import FoundFile
from triblerd_watch_folder.seen import Stamp

MOST_BYTES = 16 * 1024 * 1024
"""No torrent file is larger that the daemon takes."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class FileChangedError(Exception):
    """A file is not what it was when it was found."""


class FileTooLargeError(FailedError):
    """A file is larger than any torrent file may be."""

    def __init__(self) -> None:
        super().__init__(f"It is larger than {MOST_BYTES} bytes")


def read_file(folder: Folder, file: FoundFile) -> bytes:
    """Return the content of a file.

    Raises:
        FileChangedError: it is being written.
        FileTooLargeError: it cannot be a torrent.
        OSError: it cannot be read.
    """
    if file.stamp.size > MOST_BYTES:
        raise FileTooLargeError
    with _parent(folder, file) as (parent, name):
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        with open(descriptor, "rb") as opened:  # noqa: PTH123 - a descriptor has no path
            _require_same(file, os.fstat(descriptor))
            raw = opened.read(MOST_BYTES + 1)
            _require_same(file, os.fstat(descriptor))
    return raw


def rename_file(folder: Folder, file: FoundFile, ending: str) -> str:
    """Give a file a longer name, with a number when there is a file of that name, and return the name.

    Raises:
        FileChangedError: it is another file by now.
        OSError: it cannot be renamed.
    """
    with _parent(folder, file) as (parent, name):
        _require_same(file, os.stat(name, dir_fd=parent, follow_symlinks=False))
        target, number = f"{name}{ending}", 1
        while _is_there(target, parent):
            number += 1
            target = f"{name}{ending}.{number}"
        os.rename(name, target, src_dir_fd=parent, dst_dir_fd=parent)
    return target


def delete_file(folder: Folder, file: FoundFile) -> None:
    """Delete a file.

    Raises:
        FileChangedError: it is another file by now.
        OSError: it cannot be deleted.
    """
    with _parent(folder, file) as (parent, name):
        _require_same(file, os.stat(name, dir_fd=parent, follow_symlinks=False))
        os.unlink(name, dir_fd=parent)


@contextmanager
def _parent(folder: Folder, file: FoundFile) -> Iterator[tuple[int, str]]:
    """Open the directory that a file lies in, and yield it with the file's name."""
    *steps, name = os.path.relpath(file.path, folder.path).split("/")
    descriptor = os.open(folder.path, _DIRECTORY)
    try:
        for step in steps:
            below = os.open(step, _DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor, name
    finally:
        os.close(descriptor)


def _require_same(file: FoundFile, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or Stamp(status.st_size, status.st_mtime_ns) != file.stamp:
        raise FileChangedError


def _is_there(name: str, parent: int) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
