"""Torrent files that nobody honest makes."""

import hashlib
from collections.abc import Mapping
from typing import Any

PIECE_LENGTH = 16 * 1024
CONTENT = b"hostile " * 16
PIECES = hashlib.sha1(CONTENT, usedforsecurity=False).digest()
MOST_BYTES = 16 * 1024 * 1024


def bencode(value: Any) -> bytes:
    """Encode a value, keys in the order in which they come."""
    match value:
        case bytes():
            return b"%d:%b" % (len(value), value)
        case str():
            return bencode(value.encode())
        case int():
            return b"i%de" % value
        case list() | tuple():
            return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(item) for key, item in value.items()) + b"e"


def torrent(info: Mapping[str, Any], **outside: Any) -> bytes:
    """Return a torrent file whose ``info`` may hold anything."""
    return bencode({**outside, "info": dict(sorted(info.items()))})


def single(**changes: Any) -> bytes:
    """Return a torrent of one file, with some keys of its ``info`` replaced; ``None`` leaves one out."""
    info = {"length": len(CONTENT), "name": "file", "piece_length": PIECE_LENGTH, "pieces": PIECES} | changes
    return torrent({key.replace("_", " "): value for key, value in info.items() if value is not None})


def multi(*files: Mapping[str, Any], name: Any = "folder", **changes: Any) -> bytes:
    """Return a torrent of several files, whose content together is ``CONTENT`` when their lengths say so."""
    info = {"files": list(files), "name": name, "piece_length": PIECE_LENGTH, "pieces": PIECES} | changes
    return torrent({key.replace("_", " "): value for key, value in info.items()})


def one_at(*path: Any, name: Any = "folder", **changes: Any) -> bytes:
    """Return a torrent of one file below a folder."""
    return multi({"length": len(CONTENT), "path": list(path)}, name=name, **changes)


def many(count: int, path: str = "f%d", name: str = "many") -> bytes:
    """Return a torrent of ``count`` empty files and one with the content."""
    entries = b"".join(
        b"d6:lengthi0e4:pathl%bee" % bencode(path % index if "%" in path else path) for index in range(count)
    )
    last = bencode({"length": len(CONTENT), "path": ["last"]})
    tail = b"4:name%b12:piece lengthi%de6:pieces20:%be" % (bencode(name), PIECE_LENGTH, PIECES)
    return b"d4:infod5:filesl" + entries + last + b"e" + tail + b"e"
