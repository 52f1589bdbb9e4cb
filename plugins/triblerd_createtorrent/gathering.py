"""Finds the files that go into a torrent. Asks the disk: to be called in a thread."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from triblerd.errors import InvalidInputError
from triblerd.services import FileRoots
from triblerd_createtorrent.api import FileError, Gathered, NoFilesError, SourceFile
from triblerd_createtorrent.reading import file_error, printable

MOST_FILES = 1_000_000
"""Directories count, too."""

_TOP = Path("/")


def gather(paths: Sequence[str], *, walk: bool, roots: FileRoots) -> Gathered:
    """Return the files that paths name, as ``TorrentMaker.gather`` says."""
    wanted = list(dict.fromkeys(_absolute(path) for path in paths))
    for path in wanted:
        if not roots.allow(path):
            msg = f"files: {printable(path)} is outside of the allowed directories"
            raise InvalidInputError(msg)
    found = _Found()
    for path in wanted:
        found.take(path, walk=walk)
    return found.gathered()


class _Found:
    """The files so far by their paths: what they are really called, and their sizes."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, int]] = {}  # text: paths as objects take three times as long
        self._folders: list[Path] = []
        self._has_walked = False

    def take(self, path: Path, *, walk: bool) -> None:
        try:
            status = path.stat()
        except OSError as error:
            raise file_error(error, path) from error
        real = os.path.realpath(path)
        if stat.S_ISREG(status.st_mode):
            self._files[str(path)] = real, status.st_size
            self._folders.append(path.parent)
        elif not stat.S_ISDIR(status.st_mode):
            msg = f"Not a regular file: {printable(path)}"
            raise FileError(msg)
        elif walk:
            self._has_walked = True
            self._folders.append(path)
            for below, source, size in _Walk(real).files():
                self._files[f"{_prefix(path)}{below}"] = source, size

    def gathered(self) -> Gathered:
        if not self._files:
            if self._has_walked:
                msg = "files: there is no file in these directories"
                raise NoFilesError(msg)
            msg = "files parameter missing"
            raise InvalidInputError(msg)
        if len(self._files) == 1 and not self._has_walked:
            (only,) = self._files
            top, places = Path(only), {only: ""}
        else:
            top = Path(os.path.commonpath(self._folders))
            begin = len(_prefix(top))
            places = {path: path[begin:] for path in self._files}
        files = [SourceFile(os.fsencode(self._files[path][0]), _utf8(place)) for path, place in places.items()]
        return Gathered(
            name=_utf8(top.name) or "unknown",
            files=tuple(sorted(files, key=lambda file: file.path.split("/"))),
            size=sum(size for _, size in self._files.values()),
            destination=str(top.parent) if top != _TOP else "",
        )


class _Walk:
    """All files below a directory, which no link leads out of.

    Args:
        top: Its real path.
    """

    def __init__(self, top: str) -> None:
        self._top = top
        self._prefix = _prefix(Path(top))
        self._seen = 0

    def files(self) -> Iterator[tuple[str, str, int]]:
        """Yield the path below the directory, the real path, and the bytes of each regular file."""
        return self._below("", self._top, ())

    def _below(self, prefix: str, real: str, parents: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
        try:
            with os.scandir(real) as entries:
                found = list(entries)
        except OSError as error:
            raise file_error(error, real) from error
        for entry in found:
            self._count()
            is_link = entry.is_symlink()
            target = os.path.realpath(entry.path) if is_link else entry.path
            if target != self._top and not target.startswith(self._prefix):
                continue  # the link leads out of the directory
            try:
                status = (Path(target) if is_link else entry).stat(follow_symlinks=False)
            except FileNotFoundError:  # a link to nothing, or a file that has just gone
                continue
            except OSError as error:
                raise file_error(error, target) from error
            if stat.S_ISREG(status.st_mode):
                yield prefix + entry.name, target, status.st_size
            elif stat.S_ISDIR(status.st_mode) and target not in (*parents, real):  # no link leads round in a circle
                yield from self._below(f"{prefix}{entry.name}/", target, (*parents, real))

    def _count(self) -> None:
        self._seen += 1
        if self._seen > MOST_FILES:
            msg = f"files: there are more than {MOST_FILES} files and directories"
            raise InvalidInputError(msg)


def _prefix(folder: Path) -> str:
    """Return what the paths of all that is in a directory begin with."""
    return f"{str(folder).rstrip('/')}/"


def _absolute(path: str) -> Path:
    """Return a path without superfluous parts. ``..`` is resolved as the system does, which follows links first."""
    if "\0" in path or not path.startswith("/"):
        msg = "files must be absolute paths"
        raise InvalidInputError(msg)
    plain = Path("/" + path.lstrip("/"))  # two slashes would stay two
    if ".." not in plain.parts:
        return plain
    folder = Path(os.path.realpath(plain.parent))
    return Path(os.path.realpath(plain)) if plain.name == ".." else folder / plain.name


def _utf8(text: str) -> str:
    """Return a name as it is, if it is one that a torrent can hold.

    Raises:
        InvalidInputError: it is not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"files: the name {os.fsencode(text)!r} is not UTF-8, so that no torrent can hold it"
        raise InvalidInputError(msg) from error
    return text
