"""How much of a file is there, by the pieces that it touches."""

import time

from triblerd_downloads.download import ActiveDownload
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentPieces

_FRESH_SECONDS = 1.0
"""The engine has to be waited for, and clients ask for one window after the other."""


class PieceMaps:
    """Says which pieces of a download are there."""

    def __init__(self, *, engine: TorrentEngine, pieces: TorrentPieces) -> None:
        self._engine = engine
        self._pieces = pieces
        self._last: tuple[Infohash, float, bytes] | None = None

    async def of(self, download: ActiveDownload) -> bytes:
        """Return the bitmap of verified pieces, first piece = most significant bit.

        It is empty while the engine does not have the torrent, unless nothing was missing when it last had it.
        """
        infohash = download.infohash
        if download.status is None or not self._engine.has(infohash):
            return _all_pieces(download) if is_complete(download) else b""
        if download.status.num_pieces == download.record.total_pieces:
            return _all_pieces(download)
        now = time.monotonic()
        if self._last is None or self._last[0] != infohash or self._last[1] < now - _FRESH_SECONDS:
            self._last = infohash, now, await self._pieces.bitmap(infohash)
        return self._last[2]


def is_complete(download: ActiveDownload) -> bool:
    """Return whether all files, selected or not, were there when the engine last had the torrent."""
    return 0 < download.record.size <= download.record.total_done


def share(bitmap: bytes, pieces: range) -> float:
    """Return the share of some pieces that are there, 1.0 of none."""
    if not pieces:
        return 1.0
    first, end = pieces.start // 8, (pieces.stop + 7) // 8  # the bytes that hold their bits
    bits = int.from_bytes(bitmap[first:end].ljust(end - first, b"\0")) >> (-pieces.stop % 8)
    return (bits & (1 << len(pieces)) - 1).bit_count() / len(pieces)


def _all_pieces(download: ActiveDownload) -> bytes:
    return b"\xff" * (download.record.total_pieces // 8 + 1)
