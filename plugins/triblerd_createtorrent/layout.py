"""Where each file of a torrent lies in its pieces."""

import bisect
import itertools
from collections.abc import Iterator, Sequence

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_createtorrent.api import NothingToHashError, SourceFile, TorrentRecipe, Version

BLOCK = 16 * 1024
"""What BEP 52 hashes one by one, and the least length of a piece."""
MOST_PIECE_LENGTH = 128 * 1024 * 1024
"""The engine takes no longer ones."""

_MOST_CHOSEN = 16 * 1024 * 1024
_SHA1, _SHA256 = 20, 32
_MOST_BYTES = 15 * 1024 * 1024
"""Of the hashes and names. 16 MiB are the largest torrent file that is taken, here and elsewhere."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A file in the torrent, or a pad file (BEP 47).

    Attributes:
        file: ``None`` is a pad file, which is zeros.
        size: Bytes.
    """

    file: SourceFile | None
    size: int


class Part(msgspec.Struct, frozen=True, gc=False):
    """A range of bytes of one entry."""

    entry: Entry
    offset: int
    size: int


class Layout:
    """The order and the places of all files.

    Args:
        sizes: The bytes of each file of the recipe, by its place there.

    Raises:
        NothingToHashError: there is no byte.
        InvalidInputError: the torrent file would be too large.
    """

    def __init__(self, recipe: TorrentRecipe, sizes: Sequence[int]) -> None:
        self.size = sum(sizes)
        if not self.size:
            raise NothingToHashError
        self.version = recipe.version
        self.has_v1 = recipe.version is not Version.V2
        self.has_v2 = recipe.version is not Version.V1
        self.piece_length = recipe.piece_length or chosen_piece_length(self.size)
        pairs = sorted(zip(recipe.files, sizes, strict=True), key=lambda pair: pair[0].path.split("/"))
        self.files = [Entry(file, size) for file, size in pairs]
        is_padded = self.has_v1 and (self.has_v2 or recipe.has_padding)
        self.entries = list(_padded(self.files, self.piece_length)) if is_padded else self.files
        self._ends = list(itertools.accumulate(entry.size for entry in self.entries))
        self._check_size()

    @property
    def total(self) -> int:
        """The bytes of all entries, pad files included."""
        return self._ends[-1]

    @property
    def pieces(self) -> int:
        """How many pieces all entries together have, as version 1 counts them."""
        return -(-self.total // self.piece_length)

    def piece(self, number: int) -> Iterator[Part]:
        """Yield what a piece of version 1 consists of."""
        begin, end = number * self.piece_length, min((number + 1) * self.piece_length, self.total)
        index = bisect.bisect_right(self._ends, begin)
        while begin < end:
            entry, entry_end = self.entries[index], self._ends[index]
            size = min(end, entry_end) - begin
            if size:
                yield Part(entry, begin - (entry_end - entry.size), size)
            begin += size
            index += 1

    def _check_size(self) -> None:
        pieces = sum(-(-entry.size // self.piece_length) for entry in self.entries) if self.has_v2 else self.pieces
        hashes = pieces * (_SHA1 * self.has_v1 + _SHA256 * self.has_v2)
        names = sum(len(entry.file.path) + 2 * _SHA256 for entry in self.files if entry.file is not None)
        if hashes + names > _MOST_BYTES:
            msg = (
                f"piece_length: {pieces} pieces of {self.piece_length} bytes and {len(self.files)} files "
                "make a torrent file of more than 16 MiB; take longer pieces or fewer files"
            )
            raise InvalidInputError(msg)


def chosen_piece_length(size: int) -> int:
    """Return the length of the pieces of a torrent whose files have ``size`` bytes: the one that libtorrent chooses.

    It grows with the root of the size, so that pieces are about a hundredth as many as they have bytes.
    """
    length = BLOCK
    while length < _MOST_CHOSEN and size > round(length * length / 100):
        length *= 2
    return length


def check_piece_length(length: int) -> None:
    """Raise ``InvalidInputError`` for a length that pieces cannot have; 0 is to be chosen."""
    if length and (length & (length - 1) or not BLOCK <= length <= MOST_PIECE_LENGTH):
        msg = f"piece_length: expected a power of two from {BLOCK} to {MOST_PIECE_LENGTH}, or 0, got {length}"
        raise InvalidInputError(msg)


def _padded(files: Sequence[Entry], piece_length: int) -> Iterator[Entry]:
    """Yield the files with what fills their last pieces, except after the last one."""
    for number, entry in enumerate(files):
        yield entry
        if (rest := -entry.size % piece_length) and number + 1 < len(files):
            yield Entry(None, rest)
