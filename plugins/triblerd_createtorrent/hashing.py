"""Hashes the files of a torrent on all processors: hashlib lets the other threads run meanwhile."""

import hashlib
import itertools
import mmap
import threading
from collections.abc import Callable, Iterator

import msgspec

from triblerd.errors import TriblerdError
from triblerd_createtorrent import merkle
from triblerd_createtorrent.api import ProgressListener, SourceFile, TorrentRecipe
from triblerd_createtorrent.layout import BLOCK, Entry, Layout
from triblerd_createtorrent.reading import Identity, Reader, changed, identity

CHUNK = 256 * 1024
"""Read at once: little enough to be hashed while it is in the processor's cache."""

_REPORT_SECONDS = 0.2
_ZEROS = bytes(CHUNK)


class Unit(msgspec.Struct, frozen=True, gc=False):
    """What one thread hashes before it takes something else.

    Attributes:
        number: The piece, as version 1 counts them.
        entry: The file that it is a piece of, for version 2.
        begin: Where it begins in that file.
    """

    number: int
    entry: Entry | None = None
    begin: int = 0


class Hashes:
    """The hashes of all pieces.

    Attributes:
        v1: The SHA-1 of each piece, one after the other; empty for version 2.
        v2: The roots of the pieces of each file by its path; empty for version 1.
    """

    def __init__(self, layout: Layout) -> None:
        self.v1 = bytearray(20 * layout.pieces) if layout.has_v1 else bytearray()
        self.v2: dict[str, list[bytes]] = {}
        if layout.has_v2:
            for entry in layout.files:
                if entry.file is not None:
                    self.v2[entry.file.path] = [b""] * -(-entry.size // layout.piece_length)


def hash_files(
    recipe: TorrentRecipe, *, threads: int, progress: ProgressListener | None = None
) -> tuple[Layout, Hashes]:
    """Return where everything is, and the hashes.

    Raises:
        TriblerdError: what ``TorrentMaker.make`` raises.
    """
    before = {file.source: identity(file) for file in recipe.files}
    layout = Layout(recipe, [before[file.source][2] for file in recipe.files])
    work = _Work(layout, before)
    work.run(threads, progress or (lambda _: None))
    _check_unchanged(recipe.files, before)
    return layout, work.hashes


class _Work:
    def __init__(self, layout: Layout, expected: dict[bytes, Identity]) -> None:
        self.hashes = Hashes(layout)
        self._layout = layout
        self._expected = expected
        self._units = _file_units(layout) if layout.has_v2 else map(Unit, range(layout.pieces))
        self._lock = threading.Lock()
        self._hashed: list[int] = []
        self._failure: Exception | None = None

    def run(self, threads: int, progress: ProgressListener) -> None:
        self._hashed = [0] * threads
        workers = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():
                worker.join(_REPORT_SECONDS)
                progress(sum(self._hashed))
        if self._failure is not None:
            raise self._failure
        progress(sum(self._hashed))

    def _work(self, number: int) -> None:
        hash_unit = self._hash_of_file if self._layout.has_v2 else self._hash_of_piece
        # At the beginning of a page: where a bytearray begins, 16 bytes later, the system copies four times as slowly.
        buffer = memoryview(mmap.mmap(-1, CHUNK))
        try:
            with Reader(self._expected) as reader:
                while (unit := self._take()) is not None:
                    self._hashed[number] += hash_unit(unit, reader, buffer)
        except Exception as error:  # noqa: BLE001 - a border: a thread; the first one counts
            with self._lock:
                self._failure = self._failure or error

    def _take(self) -> Unit | None:
        with self._lock:
            return None if self._failure else next(self._units, None)

    def _hash_of_piece(self, unit: Unit, reader: Reader, buffer: memoryview) -> int:
        """Hash one piece of version 1, which may belong to many files; return its bytes of files."""
        digest = hashlib.sha1(usedforsecurity=False)
        hashed = 0
        for part in self._layout.piece(unit.number):
            if part.entry.file is None:
                _add_zeros(digest.update, part.size)
                continue
            for chunk in _chunks(reader, buffer, part.entry.file, part.offset, part.size):
                digest.update(chunk)
            hashed += part.size
        self.hashes.v1[20 * unit.number : 20 * unit.number + 20] = digest.digest()
        return hashed

    def _hash_of_file(self, unit: Unit, reader: Reader, buffer: memoryview) -> int:
        """Hash one piece of a file for version 2 and, in a hybrid, for version 1; return its bytes."""
        layout, entry = self._layout, unit.entry
        assert entry is not None  # noqa: S101 - units of version 2 have one
        assert entry.file is not None  # noqa: S101
        digest = hashlib.sha1(usedforsecurity=False)
        blocks: list[bytes] = []
        size = min(layout.piece_length, entry.size - unit.begin)
        for chunk in _chunks(reader, buffer, entry.file, unit.begin, size):
            if layout.has_v1:
                digest.update(chunk)
            blocks += [hashlib.sha256(chunk[begin : begin + BLOCK]).digest() for begin in range(0, len(chunk), BLOCK)]
        pieces = self.hashes.v2[entry.file.path]
        pieces[unit.begin // layout.piece_length] = merkle.piece_root(
            blocks, layout.piece_length, is_only=len(pieces) == 1
        )
        if layout.has_v1:
            padding = min(layout.piece_length, layout.total - unit.number * layout.piece_length) - size
            _add_zeros(digest.update, padding)
            self.hashes.v1[20 * unit.number : 20 * unit.number + 20] = digest.digest()
        return size


def _file_units(layout: Layout) -> Iterator[Unit]:
    """Yield the pieces of each file; all begin with a piece of their own."""
    numbers = itertools.count()
    for entry in layout.files:
        for begin in range(0, entry.size, layout.piece_length):
            yield Unit(next(numbers), entry, begin)


def _chunks(reader: Reader, buffer: memoryview, file: SourceFile, offset: int, size: int) -> Iterator[memoryview]:
    while size:
        chunk = buffer[: min(size, len(buffer))]
        reader.fill(chunk, file.source, offset)
        yield chunk
        offset, size = offset + len(chunk), size - len(chunk)


def _add_zeros(add: Callable[[bytes], None], count: int) -> None:
    while count:
        zeros = _ZEROS[: min(count, len(_ZEROS))]
        add(zeros)
        count -= len(zeros)


def _check_unchanged(files: tuple[SourceFile, ...], before: dict[bytes, Identity]) -> None:
    for file in files:
        try:
            is_same = identity(file) == before[file.source]
        except TriblerdError:
            is_same = False
        if not is_same:
            raise changed(file.source)
