"""Where a file lies in its torrent's pieces."""

from dataclasses import dataclass
from itertools import accumulate

from triblerd_libtorrent.api import Metainfo

HEADER_BYTES = 5 * 1024 * 1024
FOOTER_BYTES = 1024 * 1024
"""Players read the ends of a file first: what it is, and where in it is what."""
WINDOW_SHARE = 0.05
"""Of the file, from where it is played: what is fetched ahead."""
LEAST_WINDOW = 4
"""Pieces of a window at least."""


@dataclass(frozen=True, slots=True)
class FileSpan:
    """One file of a torrent, in bytes and pieces.

    Attributes:
        index: Position in the torrent.
        path: POSIX path relative to the destination.
        size: Bytes.
        offset: Bytes of the torrent before it, pad files included.
        piece_length: Bytes of every piece but the torrent's last.
    """

    index: int
    path: str
    size: int
    offset: int
    piece_length: int

    @property
    def pieces(self) -> range:
        """The pieces that hold a part of the file; none when it is empty."""
        return self.pieces_of(0, self.size)

    @property
    def header(self) -> range:
        """The pieces at its beginning that players want."""
        return self.pieces_of(0, HEADER_BYTES)

    @property
    def footer(self) -> range:
        """The pieces at its end that players want."""
        return self.pieces_of(max(self.size - FOOTER_BYTES, 0), self.size)

    def window(self, position: int) -> range:
        """Return the pieces to have ahead of a position in the file."""
        ahead = self.pieces_of(position, position + int(self.size * WINDOW_SHARE))
        first = self.piece_at(position)
        return range(first, min(max(ahead.stop, first + LEAST_WINDOW), self.pieces.stop))

    def pieces_of(self, start: int, stop: int) -> range:
        """Return the pieces that hold the bytes from ``start`` up to ``stop`` of the file."""
        stop = min(stop, self.size)
        if start >= stop:
            return range(0)
        return range(self.piece_at(start), self.piece_at(stop - 1) + 1)

    def piece_at(self, position: int) -> int:
        """Return the piece that holds a byte of the file."""
        return (self.offset + position) // self.piece_length

    def place_in(self, piece: int, position: int) -> int:
        """Return where in its piece a byte of the file is."""
        return self.offset + position - piece * self.piece_length


def find_span(metainfo: Metainfo, index: int) -> FileSpan | None:
    """Return where a file lies, ``None`` when the torrent has no file of that index, or it is padding."""
    if not 0 <= index < len(metainfo.files) or metainfo.files[index].is_pad:
        return None
    file = metainfo.files[index]
    offset = list(accumulate((one.size for one in metainfo.files[:index]), initial=0))[-1]
    return FileSpan(file.index, file.path, file.size, offset, metainfo.piece_length)
