"""Reads files piece by piece, and notices when they are not what they were."""

import os
import stat
from pathlib import Path
from typing import Self

from triblerd_createtorrent.api import FileChangedError, FileError, SourceFile

# Opening a named pipe would wait for a writer without O_NONBLOCK; the last component is no link any more.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

Identity = tuple[int, int, int, int]
"""Of a file's content, as far as the system tells: device, inode, size, time of the last change."""


def identity(file: SourceFile) -> Identity:
    """Return what a file is now.

    Raises:
        FileError: it cannot be looked at, or is no regular file.
    """
    try:
        found = Path(os.fsdecode(file.source)).stat(follow_symlinks=False)
    except OSError as error:
        raise file_error(error, file.source) from error
    if not stat.S_ISREG(found.st_mode):
        msg = f"Not a regular file: {printable(file.source)}"
        raise FileError(msg)
    return _identity(found)


class Reader:
    """Reads ranges of files, each of which stays open until another one is wanted. For one thread.

    Args:
        expected: What the files are.
    """

    def __init__(self, expected: dict[bytes, Identity]) -> None:
        self._expected = expected
        self._source = b""
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def fill(self, buffer: memoryview, source: bytes, offset: int) -> None:
        """Read as many bytes as the buffer has.

        Raises:
            FileError: the system does not let us.
            FileChangedError: the file is another one, is gone, or ends too early.
        """
        try:
            if source != self._source:
                self._open(source)
            while buffer:
                count = os.preadv(self._descriptor, [buffer], offset)
                if not count:
                    raise changed(source)
                buffer, offset = buffer[count:], offset + count
        except (FileNotFoundError, NotADirectoryError) as error:  # it was there when its identity was taken
            raise changed(source) from error
        except OSError as error:
            raise file_error(error, source) from error

    def _open(self, source: bytes) -> None:
        self.__exit__()
        self._source = b""
        self._descriptor = os.open(source, _FLAGS)
        self._source = source
        if _identity(os.fstat(self._descriptor)) != self._expected[source]:
            raise changed(source)


def changed(source: bytes) -> FileChangedError:
    """Return the error for a file that is not what it was."""
    return FileChangedError(f"The file changed while it was hashed: {printable(source)}")


def file_error(error: OSError, source: bytes | str | Path) -> FileError:
    """Return the system's error, with the path that it is about."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return FileError(f"Path does not exist: {printable(source)}")
    return FileError(f"{error.strerror or error}: {printable(source)}")


def printable(path: bytes | str | Path) -> str:
    """Return a path as text, with signs in place of what is not UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
