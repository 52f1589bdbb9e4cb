"""What is imported, seen from the command line: lines of a file or a pipe, or the torrents below a directory."""

import base64
import gzip
import hashlib
import io
import json
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from triblerd.errors import InvalidInputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BATCH_SIZE = 8 << 20
"""Bytes of lines that are sent at once, some 30,000.

Each batch is a commit, in which every word that it has is written: half as much at once takes a fifth longer. With the
longest line it fits into a request, of at most 16 MiB.
"""
LONGEST_LINE = 7 << 20
TORRENTS_SIZE = 4 << 20
"""Bytes of torrent files, as lines, that are sent at once."""
LARGEST_TORRENT = 8 << 20
"""Bytes of a torrent file; as a line it has a third more, and a request has 16 MiB at most."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is sent at once.

    Attributes:
        lines: JSON, one object on each line.
        names: What the lines are called, for messages; ``None`` when their numbers do.
        refused: What is not even sent, and why.
        position: Where the source is read on afterwards.
        number: Lines or files that are read then.
        done: How much of the source's ``size`` that is.
    """

    lines: bytes
    names: Sequence[str] | None = None
    refused: Sequence[tuple[str, str]] = ()
    position: int
    number: int
    done: int


class Source(Protocol):
    """What is imported.

    Attributes:
        identity: The same as long as the source is; empty for what comes only once.
        size: Of the whole, in any unit; ``None`` when nobody knows.
    """

    identity: str
    size: int | None

    def batches(self, position: int, number: int) -> Iterator[Batch]:
        """Yield what follows a place where an earlier batch ended, or the beginning: 0 and 0."""


def open_source(path: Path) -> Source:
    """Return the source of that name; ``-`` is what comes on standard input."""
    if str(path) == "-":
        return PipeSource(sys.stdin.buffer)
    return TorrentsSource(path) if path.is_dir() else FileSource(path)


class FileSource:
    """Lines of a file; one whose name ends in ``.gz`` is unpacked."""

    def __init__(self, path: Path) -> None:
        stat = path.stat()
        self._path = path
        self.size: int | None = stat.st_size
        self.identity = _identity(str(path.resolve()), stat.st_size, stat.st_mtime_ns)

    def batches(self, position: int, number: int) -> Iterator[Batch]:
        """Yield batches; a position is the number of bytes that were read, unpacked.

        Raises:
            InvalidInputError: the packed file is damaged; what stands before comes first.
        """
        with self._path.open("rb") as raw:
            unpacked = _Unpacked(raw, position) if self._path.suffix == ".gz" else None
            if unpacked is None:
                raw.seek(position)
            for data in _whole_lines(io.BufferedReader(unpacked) if unpacked else raw, number):
                whole = data[: data.rfind(b"\n") + 1] if unpacked and unpacked.damage else data
                position += len(whole)
                number += whole.count(b"\n")
                yield Batch(lines=whole, position=position, number=number, done=raw.tell())
            if unpacked and unpacked.damage:
                msg = f"{self._path} is damaged after line {number}: {unpacked.damage}"
                raise InvalidInputError(msg) from unpacked.damage


class _Unpacked(io.RawIOBase):
    """What a packed file has from a position on, up to its end or to where it is damaged.

    Attributes:
        damage: What is wrong with the file, once that was met.
    """

    def __init__(self, raw: IO[bytes], position: int) -> None:
        self._file = gzip.GzipFile(fileobj=raw)
        self.damage: Exception | None = None
        with self._noting_damage():
            self._file.seek(position)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view, data = memoryview(buffer), b""
        if self.damage is None:
            with self._noting_damage():
                data = self._file.read1(len(view))
        view[: len(data)] = data
        return len(data)

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damage = error


class PipeSource:
    """Lines that come only once."""

    identity = ""
    size: int | None = None

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def batches(self, position: int, number: int) -> Iterator[Batch]:
        """Yield batches; nothing is left out."""
        for data in _whole_lines(self._pipe, number):
            position += len(data)
            number += data.count(b"\n")
            yield Batch(lines=data, position=position, number=number, done=position)


class TorrentsSource:
    """The torrent files below a directory, in the order of their names; links to directories are not followed."""

    def __init__(self, directory: Path) -> None:
        self._files = sorted(
            Path(folder) / name
            for folder, _, names in os.walk(directory)
            for name in names
            if name.lower().endswith(".torrent")
        )
        self.size: int | None = len(self._files)
        self.identity = _identity(str(directory.resolve()), *map(str, self._files))

    def batches(self, position: int, number: int) -> Iterator[Batch]:  # noqa: ARG002 - the position says it all
        """Yield batches; a position is the number of files that were read."""
        pending = _Pending()
        for done, path in enumerate(self._files[position:], position + 1):
            pending.read(path)
            if pending.size >= TORRENTS_SIZE or done == len(self._files):
                yield pending.batch(done)
                pending = _Pending()


class _Pending:
    """Torrents that wait to be sent together."""

    def __init__(self) -> None:
        self.size = 0
        self._lines: list[bytes] = []
        self._names: list[str] = []
        self._refused: list[tuple[str, str]] = []

    def read(self, path: Path) -> None:
        try:
            line = _torrent_line(path)
        except (OSError, _TooLargeError) as error:
            self._refused.append((str(path), str(error)))
        else:
            self._lines.append(line)
            self._names.append(str(path))
            self.size += len(line)

    def batch(self, done: int) -> Batch:
        lines = b"".join(self._lines)
        return Batch(lines=lines, names=self._names, refused=self._refused, position=done, number=done, done=done)


class _TooLargeError(ValueError):
    """A torrent file is larger than a request may be."""


def _torrent_line(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(LARGEST_TORRENT + 1)
    if len(raw) > LARGEST_TORRENT:
        msg = f"it has more than {LARGEST_TORRENT >> 20} MiB"
        raise _TooLargeError(msg)
    return json.dumps({"metainfo": base64.b64encode(raw).decode()}).encode() + b"\n"


def _whole_lines(file: IO[bytes], number: int) -> Iterator[bytes]:
    """Yield about ``BATCH_SIZE`` bytes of whole lines at once; the last line may lack its line feed."""
    while data := file.read(BATCH_SIZE):
        rest = b"" if data.endswith(b"\n") else file.readline(LONGEST_LINE)
        if len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            line = number + data.count(b"\n") + 1
            msg = f"Line {line} has more than {LONGEST_LINE >> 20} MiB; this is no file of entries"
            raise InvalidInputError(msg)
        yield data + rest
        number += (data + rest).count(b"\n")


def _identity(*facts: object) -> str:
    return hashlib.sha256("\0".join(map(str, facts)).encode(errors="surrogateescape")).hexdigest()
