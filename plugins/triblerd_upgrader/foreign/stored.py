"""Files of a copied state, any of which may be damaged: each is read whole or refused with a reason, and alone."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from triblerd_libtorrent.api import bdecode
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import Layout, read_layout
from triblerd_upgrader.foreign.values import NotTaken

LARGEST = 64 << 20
"""Bytes of one file."""
MOST_VALUES = 3_000_000

_UNREADABLE = (OSError, ValueError, ArithmeticError, RecursionError)
"""What damage raises: bytes that do not decode, numbers without end, nesting without end."""

_BLANKS = re.compile(r"\s*")

T = TypeVar("T")


class Torrent(NamedTuple):
    """A torrent file, and what it says."""

    raw: bytes
    layout: Layout


def stored_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        ValueError: it is empty, as after a full disk, or too large.
        OSError: it cannot be read.
    """
    status = path.stat()
    if status.st_size > LARGEST or not stat.S_ISREG(status.st_mode):
        msg = f"it is no file of at most {LARGEST} bytes"
        raise ValueError(msg)
    raw = path.read_bytes()
    if not raw:
        msg = "it is empty"
        raise ValueError(msg)
    return raw


def stored_fields(path: Path) -> Fields:
    """Return the bencoded dictionary that a file holds.

    Raises:
        ValueError: there is none.
        OSError: it cannot be read.
    """
    return Fields.of(bdecode(stored_bytes(path), most_values=MOST_VALUES))


def stored_json(path: Path) -> Fields:
    """Return the JSON object that a file holds.

    Raises:
        ValueError: there is none.
        OSError: it cannot be read.
    """
    return Fields.of(stored_json_value(path))


def stored_json_value(path: Path) -> object:
    """Return the last JSON value that a file holds: some programs write one before it that tells a version.

    Raises:
        ValueError: there is none.
        OSError: it cannot be read.
    """
    text = stored_bytes(path).decode().rstrip()
    decoder = json.JSONDecoder()
    value: object = None
    place = 0
    while place < len(text):
        value, place = decoder.raw_decode(text, _past_blanks(text, place))
    return value


def stored_torrent(path: Path) -> Torrent:
    """Return what a torrent file holds.

    Raises:
        ValueError: it is none.
        OSError: it cannot be read.
    """
    raw = stored_bytes(path)
    return Torrent(raw, read_layout(raw))


def salvaged(what: str, read: Callable[[], T]) -> T | NotTaken:
    """Return what is read, or why it cannot be."""
    try:
        return read()
    except _UNREADABLE as error:
        return NotTaken(what, reason_of(error))


def reason_of(error: Exception) -> str:
    """Return in words why something cannot be read."""
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror or error}"
    if isinstance(error, RecursionError):
        return "it is damaged: it is nested too deeply"
    return f"it is damaged: {error}"


def _past_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
