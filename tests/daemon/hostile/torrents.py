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


def v2(tree: Mapping[str, Any], name: Any = "folder", **changes: Any) -> bytes:
    """Return a torrent of version 2 (BEP 52)."""
    info = {"file tree": tree, "meta version": 2, "name": name, "piece length": PIECE_LENGTH} | changes
    return torrent(info, **{"piece layers": {}})


def leaf(**changes: Any) -> Mapping[str, Any]:
    """Return the entry of a file in a tree of version 2, with the content."""
    return {"": {"length": len(CONTENT), "pieces root": hashlib.sha256(CONTENT).digest()} | changes}


def link_leaf(*target: str) -> Mapping[str, Any]:
    """Return the entry of a symbolic link in a tree of version 2."""
    return {"": {"attr": "l", "length": 0, "symlink path": list(target)}}


def many_v2(count: int) -> bytes:
    """Return a torrent of version 2 with ``count`` files."""
    return v2({f"f{index:07}": leaf() for index in range(count)})


def many(count: int, path: str = "f%d", name: str = "many", length: int = 0) -> bytes:
    """Return a torrent of ``count`` files, empty or of some bytes that nobody has, and one with the content."""
    entries = b"".join(
        b"d6:lengthi%de4:pathl%bee" % (length, bencode(path % index if "%" in path else path)) for index in range(count)
    )
    last = bencode({"length": len(CONTENT), "path": ["last"]})
    pieces = PIECES * -(-(count * length + len(CONTENT)) // PIECE_LENGTH)
    tail = b"4:name%b12:piece lengthi%de6:pieces%be" % (bencode(name), PIECE_LENGTH, bencode(pieces))
    return b"d4:infod5:filesl" + entries + last + b"e" + tail + b"e"
