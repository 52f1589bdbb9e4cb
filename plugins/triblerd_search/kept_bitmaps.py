"""Bitmaps of the index that were made a moment ago, since people look for the same words again and again."""

from collections import OrderedDict
from threading import Lock

from pyroaring import FrozenBitMap

MOST_BYTES = 8 << 20

_OVERHEAD = 300
"""Bytes that an empty bitmap takes with its place, about."""

_LARGEST = 8192
"""Bytes of the bitmap of a chunk at most: one bit a row."""

Place = tuple[int | None, tuple[str, ...]]
"""A chunk, ``None`` for all together, and terms that its rows have, all of them."""

Version = int | tuple[int, bytes]
"""How often what a bitmap was made of was changed until then; as long as that is the same, the bitmap is, too."""


class KeptBitmaps:
    """Keeps bitmaps until they take too much room, the ones that were used last. For any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Place, tuple[Version, FrozenBitMap]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, place: Place, version: Version) -> FrozenBitMap | None:
        """Return the bitmap of that version, ``None`` if it is not kept."""
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or kept[0] != version:
                return None
            self._kept.move_to_end(place)
        return kept[1]

    def put(self, place: Place, version: Version, bitmap: FrozenBitMap) -> None:
        """Keep a bitmap in the place of the one of another version."""
        with self._lock:
            if (before := self._kept.pop(place, None)) is not None:
                self._bytes -= _size(before[1])
            self._kept[place] = version, bitmap
            self._bytes += _size(bitmap)
            while self._bytes > self._most_bytes:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._bytes -= _size(oldest)


def _size(bitmap: FrozenBitMap) -> int:
    chunks = 1 if not bitmap else (bitmap.max() >> 16) - (bitmap.min() >> 16) + 1
    return _OVERHEAD + min(2 * len(bitmap), chunks * _LARGEST)
