"""Torrent files that web interfaces upload: the selection of files stands in them, where no torrent has one."""

from triblerd.errors import InvalidInputError
from triblerd_libtorrent.api import Bencoded, bdecode_dictionary

_KEY = b"14:selected_files"
_MOST_VALUES = 1_500_000
"""Those of a torrent of some 150,000 files."""
_DEEPEST = 200
_MOST_FILES = 1 << 31


def has_selection(raw: bytes) -> bool:
    """Return whether some bytes may be a torrent file with a selection. Cheap."""
    return _KEY in raw


def split(raw: bytes) -> tuple[bytes, tuple[int, ...] | None]:
    """Return an uploaded torrent file without the selection that it has, and the selection.

    CPU-bound: up to a second for the largest ones.

    Raises:
        InvalidInputError: the selection is no list of integers.
        ValueError: the bytes are no bencoded dictionary.
    """
    values, places = bdecode_dictionary(raw, most_values=_MOST_VALUES, deepest=_DEEPEST)
    if b"selected_files" not in values:
        return raw, None
    place = places[b"selected_files"]
    return raw[: place.start - len(_KEY)] + raw[place.stop :], _indices(values[b"selected_files"])


def indices_of(chosen: list[int]) -> tuple[int, ...]:
    """Return positions in a torrent that a client selects. Others that do not exist are dropped once that is known."""
    return tuple(sorted({index for index in chosen if 0 <= index < _MOST_FILES}))


def _indices(value: Bencoded) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _bad()
    chosen = [index for index in value if isinstance(index, int)]
    if len(chosen) != len(value):
        raise _bad()
    return indices_of(chosen)


def _bad() -> InvalidInputError:
    return InvalidInputError("selected_files must be a list of integers")
