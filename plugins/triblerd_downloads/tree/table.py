"""The files of a torrent in the order of a tree that is open everywhere, one row after the other.

Directories and files share one numbering, depth first, so that whatever is below a directory is one run of rows. A
row's number, and not a node with pointers, is what all questions are answered with: 100,000 files need a few arrays.
"""

import re
from array import array
from bisect import bisect
from itertools import accumulate
from operator import attrgetter

from triblerd_downloads.selection import bits_of
from triblerd_libtorrent.api import Metainfo, TorrentFile

DIRECTORY = -1
"""Stands for the position in the torrent that a directory does not have."""

_NUMBER = re.compile(r"([0-9]+)")
_NEW = -1
_SHAPE = bytes(
    byte if byte == ord("/") else ord("0") if byte in range(ord("0"), ord("9") + 1) else ord("x") for byte in range(256)
)
"""Makes all digits one, and all other bytes."""


class FileTable:
    """The rows of one torrent; pad files have none. Making it is CPU-bound: some 200 ms for 100,000 files.

    Attributes:
        paths: The full POSIX path of each row, which for several files begins with the torrent's name.
        files: The position in the torrent of each row, or ``DIRECTORY``.
        sizes: Bytes; of a directory, of all that is below it.
        ends: The row after everything that is below a row: for a file the next one.
        file_count: Pad files included.
    """

    def __init__(self, metainfo: Metainfo) -> None:
        self.paths: list[str] = []
        self.files = array("i")
        self.sizes = array("q")
        self.ends = array("i")
        self.file_count = len(metainfo.files)
        self._piece_length = metainfo.piece_length
        # Files, pad files among them, lie one after the other in the pieces; version 2 pads them to begin with a piece.
        self._offsets = array("q", accumulate((file.size for file in metainfo.files), initial=0))
        self._pads = [file.index for file in metainfo.files if file.is_pad]
        # The positions below a directory whose files are neighbours, pad files aside, as nearly all are: spelling out
        # the positions of 100,000 files takes some milliseconds.
        self._runs: dict[int, range] = {}
        self._lay_out(_collect(metainfo))
        self._rows = dict(zip(self.paths, range(len(self.paths)), strict=True))

    def __len__(self) -> int:
        return len(self.paths)

    def find(self, path: str) -> int | None:
        """Return the row of a path, ``None`` when there is none."""
        return self._rows.get(path)

    def files_below(self, row: int) -> int:
        """Return the file of a row, or all below a directory, as a number whose bits are positions in the torrent."""
        if self.files[row] != DIRECTORY:
            return 1 << self.files[row]
        run = self._runs.get(row)
        if run is not None:
            return (1 << run.stop) - (1 << run.start)
        below = self.files[row : self.ends[row]]
        return bits_of((index for index in below if index != DIRECTORY), self.file_count)

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

    def _lay_out(self, top: "_Directory") -> None:
        size = 0
        waiting: list[tuple[_Directory, int]] = [(top, 0), *((child, _NEW) for child in reversed(top.directories))]
        starts: list[int] = []
        while waiting:
            directory, row = waiting.pop()
            if row == _NEW:  # its own row, then its directories, and then once more itself, for its files
                waiting.append((directory, len(self.paths)))
                waiting.extend((child, _NEW) for child in reversed(directory.directories))
                starts.append(size)
                self._append_directory(directory.path)
                continue
            files = directory.sorted_files()
            self._append_files(files)
            size += sum(file.size for file in files)
            if directory is not top:
                self.sizes[row] = size - starts.pop()
                self.ends[row] = len(self.paths)
                self._note_run(row, directory)

    def _note_run(self, row: int, directory: "_Directory") -> None:
        first, last = directory.measure()
        pads = bisect(self._pads, last) - bisect(self._pads, first)
        if last - first + 1 - pads == directory.file_count:
            self._runs[row] = range(first, last + 1)

    def _append_directory(self, path: str) -> None:
        self.paths.append(path)
        self.files.append(DIRECTORY)
        self.sizes.append(0)
        self.ends.append(0)

    def _append_files(self, files: list[TorrentFile]) -> None:
        first = len(self.paths) + 1
        self.paths += [file.path for file in files]
        self.files.extend([file.index for file in files])
        self.sizes.extend([file.size for file in files])
        self.ends.extend(range(first, first + len(files)))


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
