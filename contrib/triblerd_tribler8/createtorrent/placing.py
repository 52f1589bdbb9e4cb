"""Puts files where they are seeded from, without a second copy where the file system can do without."""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from triblerd_createtorrent.api import FileError

_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})
"""Another file system, one without links, a file that may not be linked, or has too many links already."""


class Placing:
    """The files that were put below a directory, and what was made for that. All of it is for a thread.

    Args:
        top: An absolute directory; made when it is missing.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self._made: list[Path] = []

    def place(self, source: bytes, path: str) -> int:
        """Put a file at a path below the directory, or leave alone what is there by that name; return its size.

        It is another name of the same file, or a copy. No symbolic link: nothing is seeded through one that leads out
        of the directory that a download is in.

        Args:
            source: Its real path.
            path: POSIX path without ``..``.

        Raises:
            FileError: the system refuses, a link leads out of the directory, or what is there is no file.
        """
        target = self.top / path
        try:
            if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(self.top)):
                msg = f"A link leads out of its directory: {target.parent}"
                raise FileError(msg)
            self._make_folder(target.parent)
            if not os.path.lexists(target):
                self._put(source, target)
            status = target.lstat()
        except OSError as error:
            msg = f"{error.strerror or error}: {target}"
            raise FileError(msg) from error
        if not stat.S_ISREG(status.st_mode):
            msg = f"Not a regular file: {target}"
            raise FileError(msg)
        return status.st_size

    def undo(self) -> None:
        """Remove what was made, but for directories that have something else in them by now."""
        for path in reversed(self._made):
            try:
                path.rmdir() if path.is_dir() else path.unlink()
            except OSError:  # it stays
                continue

    def _put(self, source: bytes, target: Path) -> None:
        try:
            os.link(source, os.fsencode(target))
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            _copy(source, target)
        self._made.append(target)

    def _make_folder(self, folder: Path) -> None:
        missing = [folder, *folder.parents]
        for path in reversed(missing[: next(number for number, one in enumerate(missing) if one.exists())]):
            path.mkdir()
            self._made.append(path)


def can_place(top: Path, name: str) -> bool:
    """Return whether a name is free in a directory, which need not exist, and could be made there. For a thread."""
    if os.path.lexists(top / name):
        return False
    nearest = next(path for path in (top, *top.parents) if os.path.exists(path))  # noqa: PTH110 - which never fails
    try:  # permissions do not tell: all are root's, also where nothing can be made at all
        with tempfile.TemporaryFile(dir=nearest):
            return True
    except OSError:
        return False


def _copy(source: bytes, target: Path) -> None:
    """Copy a file, which has its name only when it is whole."""
    new = target.with_name(f".{secrets.token_hex(8)}.new")
    try:
        shutil.copy2(os.fsdecode(source), new)
        new.rename(target)
    except OSError:
        new.unlink(missing_ok=True)
        raise
