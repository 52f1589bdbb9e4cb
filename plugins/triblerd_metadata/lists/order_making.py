"""Sorts all rows by one column. For a thread: a million take a tenth of a second by numbers, a few seconds by text."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from triblerd_metadata.columns import Columns
from triblerd_metadata.lists.sort_keys import NumberKey, Rowids, TextKey

_PREFIX = 32
"""Bytes of a text that are sorted at once; what has more and is equal so far is looked at again."""
_WORD = np.dtype(">u8")
_PAUSE_SECONDS = 0.0001
"""Lets the event loop have its turn: the interpreter itself makes it wait for 5 milliseconds."""


def sorted_rows(key: NumberKey | TextKey, columns: Columns) -> Rowids:
    """Return all rows of the columns, ascending by key, equals by row.

    Rows that change meanwhile may be anywhere.
    """
    if isinstance(key, NumberKey):
        rows = np.flatnonzero(columns.alive).astype(np.uint32)
        return rows[np.argsort(key.of_many(columns, rows), kind="stable")]
    rows = _sorted_by_text(key)
    rows = rows[rows < len(columns)]
    return rows[columns.alive[rows]]


def _sorted_by_text(key: TextKey) -> Rowids:
    rows, words = _read(key.walk())
    order = np.lexsort(tuple(reversed(words)))
    rows = rows[order]
    is_same = np.zeros(len(rows) + 1, np.bool_)
    is_same[1:-1] = words[-1][order[1:]] & 0xFF != 0  # the text fills its prefix
    for word in words:
        is_same[1:-1] &= word[order[1:]] == word[order[:-1]]
    for start, end in _runs(is_same):
        equals = rows[start:end].tolist()
        keyed = [(text or b"", row) for text, row in zip(key.of_many(equals), equals, strict=True)]
        rows[start:end] = [row for _, row in sorted(keyed)]
    return rows


def _read(items: Iterator[tuple[Sequence[int], Sequence[bytes]]]) -> tuple[Rowids, list[NDArray[np.uint64]]]:
    """Return rows, and the beginning of the text of each: first, second… numbers that compare alike."""
    width = _PREFIX // _WORD.itemsize
    rows, words = [np.empty(0, np.uint32)], [np.empty((0, width), np.uint64)]
    for some, texts in items:
        data = b"".join([text[:_PREFIX].ljust(_PREFIX, b"\0") for text in texts])
        rows.append(np.array(some, np.uint32))
        words.append(np.frombuffer(data, _WORD).reshape(-1, width).astype(np.uint64))
        time.sleep(_PAUSE_SECONDS)
    return np.concatenate(rows), [*np.concatenate(words).T]


def _runs(is_same: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield where runs of equals start and end; ``is_same`` says which are equal to the one before."""
    starts = np.flatnonzero(is_same[1:] & ~is_same[:-1])
    ends = np.flatnonzero(is_same[:-1] & ~is_same[1:]) + 1
    yield from zip(starts.tolist(), ends.tolist(), strict=True)
