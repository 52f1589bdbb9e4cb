"""Bencoding (BEP 3), as far as writing a torrent file needs it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Bencodable: TypeAlias = (
    "int | str | bytes | Sequence[Bencodable] | Mapping[str, Bencodable] | Mapping[bytes, Bencodable]"
)


def bencode(value: Bencodable) -> bytes:
    """Return the encoded value; text as UTF-8, dictionaries by the order of their keys' bytes."""
    parts: list[bytes] = []
    _append(value, parts)
    return b"".join(parts)


def _append(value: Bencodable, parts: list[bytes]) -> None:
    if isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, bytes):
        parts.append(b"%d:%b" % (len(value), value))
    elif isinstance(value, str):
        _append(value.encode(), parts)
    elif isinstance(value, Mapping):
        parts.append(b"d")
        items = [(key.encode() if isinstance(key, str) else key, item) for key, item in value.items()]
        for key, item in sorted(items, key=lambda pair: pair[0]):
            _append(key, parts)
            _append(item, parts)
        parts.append(b"e")
    else:
        parts.append(b"l")
        for item in value:
            _append(item, parts)
        parts.append(b"e")
