"""Resume data of libtorrent, as it wrote them itself from 1.2 to 2.1: native ones, which several programs keep.

What they say of paths is for the caller to use or not, and their flags are not the user's wishes.
"""

from collections.abc import Mapping

from triblerd_libtorrent.api import Bencoded, bdecode_dictionary, bencode
from triblerd_upgrader.foreign.bits import cut_bits, from_digits
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import tiers_in, urls_of

LARGEST = 64 << 20
"""Bytes of resume data, or of a torrent file."""
MOST_VALUES = 3_000_000
"""Of a torrent of a million files."""

_OF_THE_ORIGINAL: tuple[bytes, ...] = (b"comment", b"created by", b"creation date")
_FORMAT = b"libtorrent resume file"
_NO_LIMIT = 16777215
"""What libtorrent 1.2 writes for no limit."""
_BITS = bytes(b"01"[byte & 1] for byte in range(256))


class NativeResume:
    """What stands in resume data.

    Args:
        raw: The bencoded dictionary.

    Raises:
        ValueError: these are none.
    """

    def __init__(self, raw: bytes) -> None:
        if len(raw) > LARGEST:
            msg = f"resume data have {len(raw)} bytes, more than {LARGEST}"
            raise ValueError(msg)
        self._values, places = bdecode_dictionary(raw, most_values=MOST_VALUES)
        if self._values.get(b"file-format") != _FORMAT:
            msg = "these are no resume data"
            raise ValueError(msg)
        self._raw = {key: raw[place] for key, place in places.items()}

    @property
    def infohash_v1(self) -> bytes:
        """20 bytes, empty for v2 alone."""
        return _hash(self._bytes(b"info-hash"), 20)

    @property
    def infohash_v2(self) -> bytes:
        """32 bytes, empty for v1 alone, and in what libtorrent 1.2 wrote."""
        return _hash(self._bytes(b"info-hash2"), 32)

    @property
    def info(self) -> bytes:
        """The bytes of the info dictionary, empty when it is elsewhere."""
        return self._raw.get(b"info", b"")

    @property
    def trees(self) -> bytes:
        """The bencoded hash trees, empty when there are none."""
        trees = self._values.get(b"trees")
        return self._raw[b"trees"] if trees and isinstance(trees, list) else b""

    @property
    def priorities(self) -> tuple[int, ...]:
        """One per file, 0..7; empty when none is told."""
        found = self._list(b"file_priority")
        return tuple(each if isinstance(each, int) and 0 <= each <= 7 else 4 for each in found)  # noqa: PLR2004 - the scale of the engine

    @property
    def mapped_files(self) -> dict[int, str]:
        """Paths of files that have other names on disk, as they stand there, by the number of the file."""
        names = enumerate(self._list(b"mapped_files"))
        return {index: _text(name) for index, name in names if name and isinstance(name, bytes)}

    @property
    def trackers(self) -> tuple[tuple[str, ...], ...]:
        """Announce URLs in tiers."""
        return tiers_in(self._values.get(b"trackers"))

    @property
    def web_seeds(self) -> tuple[str, ...]:
        """URLs of BEP 19."""
        return urls_of(self._list(b"url-list"))

    @property
    def fields(self) -> Fields:
        """All that stands there, for the keys of programs."""
        return Fields.of(self._values)

    def have(self, pieces: int) -> bytes | None:
        """Return a bit for each of so many pieces, ``None`` when it is not known of all of them."""
        stored = self._bytes(b"pieces")
        if self.number(b"file-version", 1) > 1:
            wanted = -(-pieces // 8)
            return cut_bits(stored, pieces) if pieces and len(stored) >= wanted else None
        if not pieces or len(stored) < pieces:
            return None
        return from_digits(stored[:pieces].translate(_BITS).decode("ascii"))

    def text(self, key: bytes) -> str:
        """Return a text, empty when it is missing."""
        return _text(self._bytes(key))

    def flag(self, key: bytes) -> bool:
        """Return a flag."""
        return bool(self._values.get(key))

    def number(self, key: bytes, otherwise: int = 0) -> int:
        """Return a number of 0 or more."""
        value = self._values.get(key)
        return value if isinstance(value, int) and value >= 0 else otherwise

    def limit(self, key: bytes) -> int:
        """Return a limit, -1 for none."""
        value = self.number(key)
        return value if 0 < value < _NO_LIMIT else -1

    def torrent_file(self) -> bytes:
        """Return a torrent file with the info dictionary, and with what else the resume data keep of the original."""
        kept = {key: self._raw[key] for key in _OF_THE_ORIGINAL if key in self._raw}
        kept[b"info"] = self.info
        return _dictionary(kept)

    def _bytes(self, key: bytes) -> bytes:
        value = self._values.get(key)
        return value if isinstance(value, bytes) else b""

    def _list(self, key: bytes) -> list[Bencoded]:
        value = self._values.get(key)
        return value if isinstance(value, list) else []


def _dictionary(items: Mapping[bytes, bytes]) -> bytes:
    return b"d%be" % b"".join(bencode(key) + items[key] for key in sorted(items))


def _hash(value: bytes, size: int) -> bytes:
    return value if len(value) == size and any(value) else b""


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
