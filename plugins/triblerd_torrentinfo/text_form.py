"""A torrent file as the text that clients read: JSON, in hex digits."""

import re
from binascii import hexlify
from typing import Any

import msgspec

_INTEGER = re.compile(rb"i(-?\d+)e")
_LENGTH = re.compile(rb"(\d+):")


def text_of(raw: bytes) -> bytes:
    """Return the JSON form of a torrent file in hex digits. CPU-bound.

    Byte strings are text: UTF-8, or one code point for each byte where they are not. ``info.pieces`` is in hex digits.
    The hashes of pieces beside ``info`` (BEP 52) are left out: they are binary throughout, and as large as the rest.

    Args:
        raw: A file that the engine has parsed, so that its nesting has an end.

    Raises:
        ValueError: it is not bencoded.
    """
    torrent, _ = _decoded(raw, 0)
    if not isinstance(torrent, dict):
        msg = "a torrent file is a dictionary"
        raise ValueError(msg)  # noqa: TRY004 - of the content, not of an argument
    torrent.pop(b"piece layers", None)
    info = torrent.get(b"info")
    if isinstance(info, dict) and isinstance(pieces := info.get(b"pieces"), bytes):
        info[b"pieces"] = pieces.hex().encode()
    return hexlify(msgspec.json.encode(_shown(torrent)))


def _decoded(raw: bytes, start: int) -> tuple[Any, int]:
    """Return the value that begins at ``start``, and where it ends."""
    kind = raw[start : start + 1]
    if kind == b"i":
        if (number := _INTEGER.match(raw, start)) is not None:
            return int(number[1]), number.end()
    elif kind in {b"l", b"d"}:
        items = []
        start += 1
        while raw[start : start + 1] != b"e":
            item, start = _decoded(raw, start)
            items.append(item)
        return items if kind == b"l" else _dictionary(items), start + 1
    elif (length := _LENGTH.match(raw, start)) is not None:
        end = length.end() + int(length[1])
        if end <= len(raw):
            return raw[length.end() : end], end
    msg = f"no bencoded value begins at byte {start}"
    raise ValueError(msg)


def _dictionary(items: list[Any]) -> dict[bytes, Any]:
    if not all(isinstance(key, bytes) for key in items[::2]):
        msg = "the keys of a dictionary are byte strings"
        raise ValueError(msg)
    return dict(zip(items[::2], items[1::2], strict=True))


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _shown(item) for key, item in value.items()}
    return value


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
