"""The files of a torrent in the order of a tree that is open everywhere, one row after the other.

Directories and files share one numbering, depth first, so that whatever is below a directory is one run of rows. A
row's number, and not a node with pointers, is what all questions are answered with: 100,000 files need a few arrays.
"""

import re
from array import array
from bisect import bisect
from collections.abc import Collection
from itertools import accumulate
from operator import attrgetter
from typing import Self

import msgspec

from triblerd_downloads.selection import bits_of
from triblerd_libtorrent.api import Metainfo, TorrentFile

DIRECTORY = -1
"""Stands for the position in the torrent that a directory does not have."""

_NO_RUN = -1
_NEW = -1
_NUMBER = re.compile(r"([0-9]+)")
_SHAPE = bytes(
    byte if byte == ord("/") else ord("0") if byte in range(ord("0"), ord("9") + 1) else ord("x") for byte in range(256)
)
"""Makes all digits one, and all other bytes."""


class BadTableError(Exception):
    """Some bytes are no table."""


class _Dumped(msgspec.Struct, frozen=True, array_like=True):
    """A table on disk. Arrays are as in memory, as is the whole store: it stays on machines of one kind."""

    paths: str
    files: bytes
    sizes: bytes
    ends: bytes
    starts: bytes
    stops: bytes
    offsets: bytes
    piece_length: int


class FileTable:
    """The rows of one torrent; pad files have none.

    Attributes:
        paths: The full POSIX path of each row, which for several files begins with the torrent's name.
        files: The position in the torrent of each row, or ``DIRECTORY``.
        sizes: Bytes; of a directory, of all that is below it.
        ends: The row after everything that is below a row: for a file the next one.
        file_count: Pad files included.
        in_torrent_order: The rows of the files, as the torrent orders these.
    """

    def __init__(self, rows: "_Rows", offsets: "array[int]", piece_length: int) -> None:
        self.paths = rows.paths
        self.files = rows.files
        self.sizes = rows.sizes
        self.ends = rows.ends
        self.file_count = len(offsets) - 1
        self._starts = rows.starts
        self._stops = rows.stops
        self._offsets = offsets
        self._piece_length = piece_length
        self._rows = dict(zip(self.paths, range(len(self.paths)), strict=True))
        files = (row for row, index in enumerate(self.files) if index != DIRECTORY)
        self.in_torrent_order = array("i", sorted(files, key=self.files.__getitem__))

    @classmethod
    def of(cls, metainfo: Metainfo) -> Self:
        """Make the table of a torrent. CPU-bound: some 200 ms for 100,000 files."""
        # Files, pad files among them, lie one after the other in the pieces; version 2 pads them to begin with a piece.
        offsets = array("q", accumulate((file.size for file in metainfo.files), initial=0))
        rows = _Rows([file.index for file in metainfo.files if file.is_pad])
        rows.lay_out(_collect(metainfo))
        return cls(rows, offsets, metainfo.piece_length)

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Return the table that was dumped. CPU-bound: some 50 ms for 100,000 files.

        Raises:
            BadTableError: the bytes are no table.
        """
        try:
            dumped = msgspec.msgpack.decode(data, type=_Dumped)
            rows = _Rows([])
            rows.paths = dumped.paths.split("\0")
            for name in _ARRAYS:
                getattr(rows, name).frombytes(getattr(dumped, name))
            offsets = array("q", dumped.offsets)
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadTableError from error
        if {len(getattr(rows, name)) for name in _ARRAYS} != {len(rows.paths)}:
            raise BadTableError
        return cls(rows, offsets, dumped.piece_length)

    def dump(self) -> bytes:
        """Return the table as bytes. CPU-bound."""
        dumped = _Dumped(
            paths="\0".join(self.paths),
            files=self.files.tobytes(),
            sizes=self.sizes.tobytes(),
            ends=self.ends.tobytes(),
            starts=self._starts.tobytes(),
            stops=self._stops.tobytes(),
            offsets=self._offsets.tobytes(),
            piece_length=self._piece_length,
        )
        return msgspec.msgpack.encode(dumped)

    def __len__(self) -> int:
        return len(self.paths)

    def find(self, path: str) -> int | None:
        """Return the row of a path, ``None`` when there is none."""
        return self._rows.get(path)

    def files_below(self, row: int) -> int:
        """Return the file of a row, or all below a directory, as a number whose bits are positions in the torrent."""
        if self._starts[row] != _NO_RUN:
            return (1 << self._stops[row]) - (1 << self._starts[row])
        below = self.files[row : self.ends[row]]
        return bits_of((index for index in below if index != DIRECTORY), self.file_count)

    def has_files(self, indices: Collection[int]) -> bool:
        """Return whether files that are no pad files stand at all these positions in the torrent."""
        if len(self.in_torrent_order) == self.file_count:  # there are no pad files
            return all(0 <= index < self.file_count for index in indices)
        return set(self.files).issuperset(indices) and DIRECTORY not in indices

    def all_files(self) -> int:
        """Return all files as such a number."""
        return (1 << self.file_count) - 1

    def pieces(self, row: int) -> range:
        """Return the pieces that a file touches; none for a directory or an empty file."""
        index, size = self.files[row], self.sizes[row]
        if index == DIRECTORY or size == 0:
            return range(0)
        start = self._offsets[index]
        return range(start // self._piece_length, (start + size - 1) // self._piece_length + 1)


class _Rows:
    """The rows while they are laid out.

    Attributes:
        starts: The least position in the torrent of what is below a row, if these files are neighbours, pad files
            aside, as they are in nearly all directories: spelling out the positions of 100,000 files takes some
            milliseconds. ``stops`` are the positions after the last.
    """

    def __init__(self, pads: list[int]) -> None:
        self._pads = pads
        self._size = 0
        self._sizes_before: list[int] = []
        self.paths: list[str] = []
        self.files = array("i")
        self.sizes = array("q")
        self.ends = array("i")
        self.starts = array("i")
        self.stops = array("i")

    def lay_out(self, top: "_Directory") -> None:
        """Append the rows of everything that is below a directory."""
        waiting: list[tuple[_Directory, int]] = [(top, 0), *((child, _NEW) for child in reversed(top.directories))]
        while waiting:
            directory, row = waiting.pop()
            if row == _NEW:  # its own row, then its directories, and then once more itself, for its files
                waiting.append((directory, len(self.paths)))
                waiting.extend((child, _NEW) for child in reversed(directory.directories))
                self._open(directory)
            else:
                self._append(directory.sorted_files())
                if directory is not top:
                    self._close(directory, row)

    def _open(self, directory: "_Directory") -> None:
        self._sizes_before.append(self._size)
        self.paths.append(directory.path)
        self.files.append(DIRECTORY)
        for numbers in (self.sizes, self.ends, self.starts, self.stops):
            numbers.append(0)

    def _append(self, files: list[TorrentFile]) -> None:
        first = len(self.paths) + 1
        indices = [file.index for file in files]
        sizes = [file.size for file in files]
        self.paths += [file.path for file in files]
        self.files.extend(indices)
        self.sizes.extend(sizes)
        self.ends.extend(range(first, first + len(files)))
        self.starts.extend(indices)
        self.stops.extend([index + 1 for index in indices])
        self._size += sum(sizes)

    def _close(self, directory: "_Directory", row: int) -> None:
        first, last = directory.measure()
        pads = bisect(self._pads, last) - bisect(self._pads, first)
        is_run = last - first + 1 - pads == directory.file_count
        self.starts[row], self.stops[row] = (first, last + 1) if is_run else (_NO_RUN, _NO_RUN)
        self.sizes[row] = self._size - self._sizes_before.pop()
        self.ends[row] = len(self.paths)


_ARRAYS = ("files", "sizes", "ends", "starts", "stops")


class _Directory:
    """A directory while the table is made: what it holds, in the torrent's order.

    Attributes:
        first: The least position in the torrent of a file below it, once measured; ``last`` the greatest.
        file_count: The files below it, once measured.
    """

    __slots__ = ("directories", "file_count", "files", "first", "last", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.directories: list[_Directory] = []
        self.files: list[TorrentFile] = []
        self.first = self.last = self.file_count = 0

    def measure(self) -> tuple[int, int]:
        """Set and return the least and the greatest position; the directories in it were measured before."""
        ends = [(directory.first, directory.last) for directory in self.directories]
        if self.files:
            ends.append((self.files[0].index, self.files[-1].index))
        self.first, self.last = min(first for first, _ in ends), max(last for _, last in ends)
        self.file_count = len(self.files) + sum(directory.file_count for directory in self.directories)
        return self.first, self.last

    def sorted_files(self) -> list[TorrentFile]:
        """Return the files in natural order: runs of digits compare as numbers, everything else by code point."""
        if self._is_regular():
            return sorted(self.files, key=attrgetter("path"))
        start = len(self.path) + 1 if self.path else 0
        return sorted(self.files, key=lambda file: natural_key(file.path[start:]))

    def _is_regular(self) -> bool:
        """Return whether the quick order is the natural one: numbers of as many digits at the same places."""
        paths = "//".join([file.path for file in self.files])
        return len(set(paths.encode(errors="surrogatepass").translate(_SHAPE).split(b"//"))) == 1


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return what names are ordered by: texts and numbers in turn; the name itself where only leading zeros differ."""
    parts: list[str | int] = [*_NUMBER.split(name)]
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def _collect(metainfo: Metainfo) -> _Directory:
    """Return the directory above all, with its directories in the order in which the torrent first names them."""
    top = _Directory("")
    known = {"": top}
    last = ""
    directory = top
    for file in metainfo.files:
        if file.is_pad:
            continue
        parent = file.path.rpartition("/")[0]
        if parent != last:
            last = parent
            directory = known.get(parent) or _add(parent, known)
        directory.files.append(file)
    return top


def _add(path: str, known: dict[str, _Directory]) -> _Directory:
    """Make a directory, and those above it that are not known yet."""
    missing = [path]
    while (above := missing[-1].rpartition("/")[0]) not in known:
        missing.append(above)
    directory = known[above]
    for name in reversed(missing):
        made = known[name] = _Directory(name)
        directory.directories.append(made)
        directory = made
    return directory
