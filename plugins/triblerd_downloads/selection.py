"""Which files of a torrent are wanted.

A selection is a tuple of file indices, ``()`` for none of the files, or ``None`` for all. Pad files (BEP 47) count,
so that an index is a position in the torrent, but they are never shown.
"""

from collections.abc import Iterable

NORMAL_PRIORITY = 4
UNWANTED = 0

_MOST_FILES = 100_000
"""Indices beyond that may be selected, but are not spelled out before it is known that the torrent has them."""


def checked_selection(indices: Iterable[int], file_count: int) -> tuple[int, ...] | None:
    """Return the selection that a client names: in order, each index once; ``None`` when an index does not exist."""
    selection = tuple(sorted(set(indices)))
    if selection and (selection[0] < 0 or selection[-1] >= file_count):
        return None
    return selection


def known_selection(selection: tuple[int, ...] | None, file_count: int) -> tuple[int, ...] | None:
    """Return a selection that was made before the files were known, without the indices that do not exist.

    When none of them exists all files are wanted, as if nothing had been selected.
    """
    if not selection:
        return selection
    return tuple(sorted({index for index in selection if 0 <= index < file_count})) or None


def priorities_ahead(selection: tuple[int, ...] | None) -> tuple[int, ...]:
    """Return the engine's priorities as far as a selection goes, for a torrent whose files are not known yet."""
    return priorities(selection, max((index + 1 for index in selection or () if index < _MOST_FILES), default=0))


def priorities(selection: tuple[int, ...] | None, file_count: int) -> tuple[int, ...]:
    """Return the engine's priority for each file; empty when all are wanted."""
    if selection is None:
        return ()
    wanted = set(selection)
    return tuple(NORMAL_PRIORITY if index in wanted else UNWANTED for index in range(file_count))
