"""The messages of the overlay, between key and signature of a packet. Integers are big endian.

What a peer sent is read strictly: a length that leads out of the message, or text that is not UTF-8, makes it
malformed. Bytes after the end of a message are left alone, as room for later versions.
"""

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum

import msgspec

INFOHASH_SIZE = 20
MOST_HEALTH_ITEMS = 32
"""Of a message that are read; what a peer sends beyond that is left alone."""
MOST_HEALTH_BYTES = 1200
"""Of health items that are sent, each counted as 38 bytes and its tracker."""

_REQUEST_ID = struct.Struct(">I")
_COUNTS = struct.Struct(">II")
_HEALTH = struct.Struct(f">{INFOHASH_SIZE}sIIQ")
_SHORT_LENGTH = struct.Struct(">H")
_LONG_LENGTH = struct.Struct(">I")
_COUNTED_BYTES = 38


class MessageNumber(IntEnum):
    """What a packet is, by its 23rd byte."""

    TORRENTS_HEALTH = 1
    """Of version 7.13, as the next one."""
    POPULAR_REQUEST = 2
    HEALTH_REQUEST = 3
    HEALTH = 4
    VERSION_REQUEST = 101
    VERSION_RESPONSE = 102
    SELECT = 201
    SELECT_RESPONSE = 202


class HealthKind(IntEnum):
    """Which torrents a peer is asked for."""

    POPULAR = 1
    RANDOM = 2


class MalformedError(ValueError):
    """Bytes are no such message."""


class HealthItem(msgspec.Struct, frozen=True, gc=False):
    """How many peers somebody says that a torrent has.

    Attributes:
        infohash: 20 bytes.
        checked: Unix time of the check.
        tracker: The announce URL that said so, or empty. As it came: anything may stand in it.
    """

    infohash: bytes
    seeders: int
    leechers: int
    checked: int
    tracker: str = ""


class Health(msgspec.Struct, frozen=True):
    """Message 4: torrents and their peers."""

    kind: int
    items: tuple[HealthItem, ...]

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        packed = [_packed_item(item) for item in self.items]
        parts = [_SHORT_LENGTH.pack(len(item)) + item for item in packed]
        return bytes((self.kind, len(parts))) + b"".join(parts)

    @classmethod
    def parse(cls, data: bytes) -> "Health":
        """Read a message, and of many items the first ones.

        Raises:
            MalformedError: it is none.
        """
        reader = _Reader(data)
        kind, count = reader.take(2)
        items = [_read_item(reader.sized(_SHORT_LENGTH)) for _ in range(min(count, MOST_HEALTH_ITEMS))]
        return cls(kind, tuple(items))


class HealthRequest(msgspec.Struct, frozen=True):
    """Message 3: asks for message 4."""

    kind: int

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        return bytes((self.kind,))

    @classmethod
    def parse(cls, data: bytes) -> "HealthRequest":
        """Read a message.

        Raises:
            MalformedError: it is none.
        """
        return cls(_Reader(data).take(1)[0])


class TorrentsHealth(msgspec.Struct, frozen=True):
    """Message 1, of version 7.13: as message 4, without trackers."""

    random: tuple[HealthItem, ...]
    popular: tuple[HealthItem, ...]

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        at_random, popular = map(_packed_bare_items, (self.random, self.popular))
        counts = _COUNTS.pack(len(self.random), len(self.popular))
        return counts + _LONG_LENGTH.pack(len(at_random)) + at_random + popular

    @classmethod
    def parse(cls, data: bytes) -> "TorrentsHealth":
        """Read a message, and of many items the first ones of each kind.

        Raises:
            MalformedError: it is none.
        """
        reader = _Reader(data)
        counts = _COUNTS.unpack(reader.take(_COUNTS.size))
        kinds = reader.sized(_LONG_LENGTH), reader.rest()
        if any(len(kind) != _HEALTH.size * count for kind, count in zip(kinds, counts, strict=True)):
            msg = "there are not as many items as it says"
            raise MalformedError(msg)
        at_random, popular = map(_read_bare_items, kinds)
        return cls(at_random, popular)


class VersionResponse(msgspec.Struct, frozen=True):
    """Message 102: which program a peer runs, on which system."""

    version: str
    platform: str

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        texts = (self.version.encode(), self.platform.encode())
        return b"".join(_LONG_LENGTH.pack(len(text)) + text for text in texts)

    @classmethod
    def parse(cls, data: bytes) -> "VersionResponse":
        """Read a message.

        Raises:
            MalformedError: it is none.
        """
        reader = _Reader(data)
        return cls(_text(reader.sized(_LONG_LENGTH)), _text(reader.sized(_LONG_LENGTH)))


class Select(msgspec.Struct, frozen=True):
    """Message 201: a question, as JSON."""

    request_id: int
    query: bytes

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        return _REQUEST_ID.pack(self.request_id) + _SHORT_LENGTH.pack(len(self.query)) + self.query

    @classmethod
    def parse(cls, data: bytes) -> "Select":
        """Read a message.

        Raises:
            MalformedError: it is none.
        """
        reader = _Reader(data)
        (request_id,) = _REQUEST_ID.unpack(reader.take(_REQUEST_ID.size))
        return cls(request_id, reader.sized(_SHORT_LENGTH))


class SelectResponse(msgspec.Struct, frozen=True):
    """Message 202: an answer block, see ``blocks``."""

    request_id: int
    block: bytes

    def pack(self) -> bytes:
        """Return the bytes of the message."""
        return _REQUEST_ID.pack(self.request_id) + self.block

    @classmethod
    def parse(cls, data: bytes) -> "SelectResponse":
        """Read a message.

        Raises:
            MalformedError: it is none.
        """
        reader = _Reader(data)
        (request_id,) = _REQUEST_ID.unpack(reader.take(_REQUEST_ID.size))
        return cls(request_id, reader.rest())


def fitting(items: Iterable[HealthItem]) -> tuple[HealthItem, ...]:
    """Return the first items, as many as one message holds."""
    size = 0
    kept = []
    for item in items:
        size += _COUNTED_BYTES + len(item.tracker.encode())
        if size > MOST_HEALTH_BYTES:
            break
        kept.append(item)
    return tuple(kept)


class _Reader:
    """Takes values off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size: int) -> bytes:
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            msg = "a message ends too early"
            raise MalformedError(msg)
        return self._data[start : self._position]

    def sized(self, length: struct.Struct) -> bytes:
        return self.take(int.from_bytes(self.take(length.size)))

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._position)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        msg = "a text is not UTF-8"
        raise MalformedError(msg) from error


def _packed_item(item: HealthItem) -> bytes:
    tracker = item.tracker.encode()
    return _packed_bare_items((item,)) + _SHORT_LENGTH.pack(len(tracker)) + tracker


def _read_item(data: bytes) -> HealthItem:
    reader = _Reader(data)
    infohash, seeders, leechers, checked = _HEALTH.unpack(reader.take(_HEALTH.size))
    return HealthItem(infohash, seeders, leechers, checked, _text(reader.sized(_SHORT_LENGTH)))


def _packed_bare_items(items: Sequence[HealthItem]) -> bytes:
    return b"".join(_HEALTH.pack(item.infohash, item.seeders, item.leechers, item.checked) for item in items)


def _read_bare_items(data: bytes) -> tuple[HealthItem, ...]:
    return tuple(HealthItem(*values) for values in _HEALTH.iter_unpack(data[: _HEALTH.size * MOST_HEALTH_ITEMS]))
