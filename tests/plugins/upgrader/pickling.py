"""Pickles as Deluge writes them, without Deluge: plain values, and objects of its two classes."""

import struct
from typing import Any

MODULE = b"deluge.core.torrentmanager"


class Object(dict[str, Any]):
    """The attributes of a ``TorrentState``."""


class Whole(Object):
    """The attributes of a ``TorrentManagerState``."""


def pickled(value):
    """Return a pickle of the second protocol."""
    return b"\x80\x02" + _of(value) + b"."


def _of(value):
    if isinstance(value, Object):
        name = b"TorrentManagerState" if isinstance(value, Whole) else b"TorrentState"
        return b"c" + MODULE + b"\n" + name + b"\n)\x81" + _of(dict(value)) + b"b"
    return WRITERS[type(value)](value)


def _text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


WRITERS = {
    type(None): lambda _: b"N",
    bool: lambda value: b"\x88" if value else b"\x89",
    int: lambda value: b"J" + struct.pack("<i", value),
    float: lambda value: b"G" + struct.pack(">d", value),
    str: _text,
    list: lambda value: b"](" + b"".join(map(_of, value)) + b"e",
    dict: lambda value: b"}(" + b"".join(_of(key) + _of(item) for key, item in value.items()) + b"u",
}
