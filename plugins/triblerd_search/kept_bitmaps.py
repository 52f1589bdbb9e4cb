"""Bitmaps of the index that were made a moment ago, since people look for the same words again and again."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from pyroaring import FrozenBitMap

MOST_BYTES = 8 << 20

_OVERHEAD = 300
"""Bytes that an empty bitmap takes with its place, about."""

_LARGEST = 8192
"""Bytes of the bitmap of a chunk at most: one bit a row."""

Place = tuple[int, int, tuple[str, ...]]
"""A chunk, how often it was changed, and terms of it: which rows have all of them never changes."""


class KeptBitmaps:
    """Keeps bitmaps until they take too much room, the ones that were used last. For any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Place, FrozenBitMap] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, places: Sequence[Place]) -> list[FrozenBitMap | None]:
        """Return bitmaps, ``None`` for each one that is not kept."""
        with self._lock:
            bitmaps = [*map(self._kept.get, places)]
            for place, bitmap in zip(places, bitmaps, strict=True):
                if bitmap is not None:
                    self._kept.move_to_end(place)
        return bitmaps

    def put(self, place: Place, bitmap: FrozenBitMap) -> None:
        """Keep a bitmap."""
        with self._lock:
            if place not in self._kept:
                self._bytes += _size(bitmap)
            self._kept[place] = bitmap
            while self._bytes > self._most_bytes:
                self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(bitmap: FrozenBitMap) -> int:
    return _OVERHEAD + min(2 * len(bitmap), _LARGEST)
