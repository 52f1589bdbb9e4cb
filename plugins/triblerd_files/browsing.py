"""Looking at directories and making them, as far as clients may."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from triblerd.disk_calls import DiskCalls
from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd.services import FileRoots
from triblerd_files.listing import FileList, FileRow, Listing, MadeDirectory, Row

T = TypeVar("T")

MOST_ROWS = 10_000
LIMIT_SECONDS = 10.0
"""How long a disk is waited for."""
WALK_SECONDS = 8.0
"""How long a walk through directories may take; what was found until then is the answer."""
_TOP = "/"


class NoSuchDirectoryError(NotFoundError):
    """There is no directory of this name."""


class ServerFiles:
    """The directories of this machine. A disk that does not answer holds up nobody but who asks for it.

    Args:
        roots: Which paths clients may name.
        listed_roots: Returns what these are confined to; nothing when they are not.
        disk: Where the disk is asked.
        limit_seconds: How long it is waited for.
        most_rows: Of an answer.
    """

    def __init__(
        self,
        *,
        roots: FileRoots,
        listed_roots: Callable[[], Sequence[str]],
        disk: DiskCalls,
        limit_seconds: float = LIMIT_SECONDS,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._roots = roots
        self._listed_roots = listed_roots
        self._disk = disk
        self._limit_seconds = limit_seconds
        self._most_rows = most_rows

    async def browse(self, path: str, *, with_files: bool) -> Listing:
        """Return what is in a directory, or in the nearest one above it that exists.

        Where clients are confined, ``/`` lists the directories that they may use.

        Args:
            path: Absolute; empty is the daemon's working directory.
            with_files: Also show what is no directory.

        Raises:
            InvalidInputError: the path is relative, or may not be used.
            NoSuchDirectoryError: it has just gone.
            FailedError: it cannot be read.
        """
        if path:
            _require_absolute(path)
        return await self._ask(partial(self._browse, path, with_files=with_files))

    async def list_files(self, path: str, *, recursively: bool) -> FileList:
        """Return the regular files in a directory, as many as there may be. No link to a directory is followed.

        Raises:
            InvalidInputError: the path is relative, or may not be used.
            NoSuchDirectoryError: there is no such directory.
            FailedError: it cannot be read.
        """
        _require_absolute(path)
        return await self._ask(partial(self._list_files, path, recursively=recursively))

    async def create(self, path: str, *, recursively: bool) -> MadeDirectory:
        """Make a directory; one that exists is as good.

        Args:
            path: Absolute.
            recursively: Make those above it, too.

        Raises:
            InvalidInputError: the path is relative, or may not be used.
            FailedError: it cannot be made; the text is the system's.
        """
        _require_absolute(path)
        return await self._ask(partial(self._create, path, recursively=recursively))

    async def _ask(self, function: Callable[[], T]) -> T:
        return await self._disk.run(function, limit_seconds=self._limit_seconds)

    # -- in a thread -------------------------------------------------------------------------------------------

    def _browse(self, path: str, *, with_files: bool) -> Listing:
        real = os.path.realpath(path or _working_directory())
        current = next(folder for folder in (real, *map(str, Path(real).parents)) if _is_directory(folder))
        if not self._may(current):
            if path in ("", _TOP) and (roots := self._listed_roots()):
                return Listing(current=_TOP, paths=[_up(_TOP), *self._root_rows(roots)])
            _refuse(path)
        found = _Rows(self._may, self._most_rows)
        with _readable(current, missing=f"No directory named {current} exists"), os.scandir(current) as entries:
            found.take(entries, with_files=with_files)
        above = os.path.dirname(current)  # noqa: PTH120 - text, as in all of this
        return Listing(
            current=_utf8(current),
            paths=[_up(above if self._may(above) else _TOP), *found.sorted()],
            truncated=found.is_full,
            left_out=found.left_out,
        )

    def _root_rows(self, roots: Sequence[str]) -> Iterator[Row]:
        for root in roots:
            real = os.path.realpath(root)
            if _is_directory(real):
                yield Row(name=root, path=_utf8(real), dir=True)

    def _list_files(self, path: str, *, recursively: bool) -> FileList:
        real = self._allowed(path)
        missing = f"Directory {path} does not exist"
        if not _is_directory(real):
            raise NoSuchDirectoryError(missing)
        deadline = time.monotonic() + WALK_SECONDS
        found, left_out, is_cut = [], 0, False
        waiting = [real]
        while waiting and not is_cut:
            folder = waiting.pop()
            try:
                with _readable(folder, missing=missing), os.scandir(folder) as opened:
                    entries = sorted(opened, key=lambda entry: entry.name)
            except (FailedError, NotFoundError):
                if folder == real:
                    raise
                continue  # the others are still worth a look
            below = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
                elif not self._is_usable_file(entry):
                    continue
                elif not _is_utf8(entry.path):
                    left_out += 1
                else:
                    found.append(FileRow(name=entry.name, path=entry.path))
            waiting += reversed(below if recursively else [])
            is_cut = len(found) > self._most_rows or (bool(waiting) and time.monotonic() > deadline)
        return FileList(paths=found[: self._most_rows], truncated=is_cut, left_out=left_out)

    def _is_usable_file(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_file() and (not entry.is_symlink() or self._may(entry.path))
        except OSError:  # a link that leads nowhere
            return False

    def _create(self, path: str, *, recursively: bool) -> MadeDirectory:
        real = Path(self._allowed(path))
        try:
            real.mkdir(parents=recursively, exist_ok=True)
        except OSError as error:
            raise FailedError(str(error)) from error
        return MadeDirectory(paths=[Row(name=real.name or _TOP, path=_utf8(str(real)), dir=True)])

    def _allowed(self, path: str) -> str:
        real = os.path.realpath(path)
        if not self._may(real):
            _refuse(path)
        return real

    def _may(self, path: str) -> bool:
        return self._roots.allow(Path(path))


class _Rows:
    """The rows of one directory, as many as there may be."""

    def __init__(self, may: Callable[[str], bool], most: int) -> None:
        self._may = may
        self._most = most
        self._directories: list[Row] = []
        self._files: list[Row] = []
        self.left_out = 0
        self.is_full = False

    def take(self, entries: Iterator[os.DirEntry[str]], *, with_files: bool) -> None:
        for entry in entries:
            with contextlib.suppress(OSError):  # a link that leads in a circle
                self._add(entry, with_files=with_files)
            if len(self._directories) + len(self._files) >= self._most:
                self.is_full = next(entries, None) is not None
                return

    def sorted(self) -> list[Row]:
        return [*sorted(self._directories, key=_order), *sorted(self._files, key=_order)]

    def _add(self, entry: os.DirEntry[str], *, with_files: bool) -> None:
        is_directory = entry.is_dir()
        if not is_directory and not (with_files and entry.is_file()):
            return
        path = entry.path
        if entry.is_symlink():
            path = os.path.realpath(path)
            if not self._may(path):
                return
        if not _is_utf8(entry.name) or not _is_utf8(path):
            self.left_out += 1
            return
        (self._directories if is_directory else self._files).append(Row(name=entry.name, path=path, dir=is_directory))


def _order(row: Row) -> tuple[str, str]:
    return row.name.casefold(), row.name


def _up(path: str) -> Row:
    return Row(name="..", path=_utf8(path), dir=True)


@contextlib.contextmanager
def _readable(folder: str, *, missing: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchDirectoryError(missing) from error
    except OSError as error:
        msg = f"Directory {folder} is not accessible"
        raise FailedError(msg) from error


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:  # somebody removed it
        return _TOP


def _is_directory(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - which never fails


def _require_absolute(path: str) -> None:
    if "\0" in path or not path.startswith(_TOP):
        msg = f"path must be an absolute path, not {path!r}"
        raise InvalidInputError(msg)


def _refuse(path: str) -> NoReturn:
    msg = f"path {path or 'of the working directory'} is outside of the allowed directories"
    raise InvalidInputError(msg)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _utf8(path: str) -> str:
    """Return a path that can be told.

    Raises:
        FailedError: it is not UTF-8.
    """
    if not _is_utf8(path):
        msg = f"The name of the directory {os.fsencode(path)!r} is not UTF-8, so that no client can be told of it"
        raise FailedError(msg)
    return path
