"""Which files go into a torrent, and what they are called in there."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_createtorrent.api import Gathered, NoFilesError, NothingToHashError, SourceFile, TorrentMaker

_UNKNOWN = "unknown"
_PORTS = range(1, 1 << 16)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for.

    Attributes:
        files: Absolute paths of files and directories.
        filenames: What they are called in the torrent; empty, or as many as ``files``, of which any may be empty.
        name: Of a torrent of several files; may be empty.
    """

    files: list[str]
    filenames: list[str]
    name: str


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a torrent is made of.

    Attributes:
        name: Of the torrent.
        files: Their real paths, and their paths below the name. A single one has none: its name is the torrent's.
    """

    name: str
    files: tuple[SourceFile, ...]

    def path_of(self, file: SourceFile) -> str:
        """Return where a file is below the directory that the torrent is seeded from."""
        return f"{self.name}/{file.path}" if file.path else self.name


async def choose(maker: TorrentMaker, wanted: Wanted) -> Chosen:
    """Find all files, and name them.

    Raises:
        InvalidInputError: a name is none, or that of two files; paths are relative or not allowed.
        FileError: something does not exist, or cannot be read.
        NothingToHashError: there is no file in all directories.
    """
    if wanted.name and not is_name(wanted.name):
        msg = "invalid name"
        raise InvalidInputError(msg)
    filenames = list(_checked(wanted))
    found: dict[str, SourceFile] = {}
    folders: list[str] = []
    for path, filename in zip(wanted.files, filenames, strict=True):
        try:
            gathered = await maker.gather([path], walk=True)
        except NoFilesError:  # of an empty directory; there may be others
            continue
        folders.append(_folder(gathered))
        for file in _named(gathered, filename):
            if file.path in found:
                msg = f"filenames: two files would be {file.path}"
                raise InvalidInputError(msg)
            found[file.path] = file
    if not found:
        raise NothingToHashError
    if len(found) == 1:
        (only,) = found.values()
        return Chosen(name=only.path.rpartition("/")[2], files=(SourceFile(only.source, ""),))
    name = wanted.name or os.path.basename(os.path.commonpath(folders)) or _UNKNOWN  # noqa: PTH119 - of text
    return Chosen(name=name, files=tuple(sorted(found.values(), key=lambda file: file.path.split("/"))))


def nodes_in(texts: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield host and port of each text that has both, and no more."""
    for text in texts:
        match text.split():
            case [host, port] if port.isascii() and port.isdecimal() and len(port) <= len("65535"):
                if int(port) in _PORTS:
                    yield host, int(port)


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a file or a directory, here and elsewhere."""
    return text not in {"", ".", ".."} and not any(sign in text for sign in "/\\\0") and _is_utf8(text)


def _checked(wanted: Wanted) -> Iterator[str]:
    if not wanted.filenames:
        yield from [""] * len(wanted.files)
        return
    if len(wanted.filenames) != len(wanted.files):
        msg = "filenames: there must be as many as files"
        raise InvalidInputError(msg)
    for filename in wanted.filenames:
        if filename and not all(map(is_name, filename.split("/"))):
            msg = f"filenames: {filename} is no relative path without .. in it"
            raise InvalidInputError(msg)
        yield filename


def _folder(gathered: Gathered) -> str:
    """Return the directory that a file is in, or the directory itself that was taken."""
    is_file = not gathered.files[0].path
    folder = Path(gathered.destination or "/")
    return str(folder if is_file else folder / gathered.name)


def _named(gathered: Gathered, filename: str) -> Iterator[SourceFile]:
    prefix = filename or gathered.name
    for file in gathered.files:
        yield SourceFile(file.source, f"{prefix}/{file.path}" if file.path else prefix)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
