"""The torrents that are most alive at present."""

from collections.abc import Sequence

import numpy as np

from triblerd_metadata.columns import Columns
from triblerd_metadata.lists.filters import Mask
from triblerd_metadata.lists.sort_keys import Rowids
from triblerd_metadata.selections import POPULAR_SECONDS
from triblerd_metadata.values import Change, EntryType

MOST_POPULAR = 100
_POOL = 1000
"""Rows among which the most popular are looked for, so that not all rows have to be looked at each time."""
_MOST_POOL = 10_000


class Popular:
    """Finds the most popular torrents: checked within a day, with the most seeders, leechers, the latest check.

    It remembers which rows have at least so many seeders that they may be among them, and is told what changes. To be
    used on one thread.
    """

    def __init__(self) -> None:
        self._pool: set[int] | None = None
        self._least_seeders = 0

    def changing(self, rows: Rowids, _changes: Sequence[Change]) -> None:
        """Be told which rows are about to change."""
        if self._pool is not None:
            self._pool.update(rows.tolist())
            if len(self._pool) > _MOST_POOL:
                self._pool = None

    def rows(self, columns: Columns, now: int) -> Rowids:
        """Return the rows of the most popular torrents, ascending; at most 100.

        Args:
            columns: The numbers, as they are now.
            now: Unix time.
        """
        since = max(now - POPULAR_SECONDS, 0)
        rows = np.empty(0, np.uint32)
        if self._pool is not None:
            pool = np.fromiter(self._pool, np.uint32, len(self._pool))
            pool = pool[pool < len(columns)]
            rows = pool[_is_alive(columns, pool, since) & (columns.seeders[pool] >= self._least_seeders)]
        if self._pool is None or (len(rows) < MOST_POPULAR and self._least_seeders):
            rows, self._least_seeders = _pool(columns, since)
        self._pool = set(rows.tolist())
        best = np.lexsort((rows, columns.checked[rows], columns.leechers[rows], columns.seeders[rows]))
        return np.sort(rows[best[-MOST_POPULAR:]])


def _pool(columns: Columns, since: int) -> tuple[Rowids, int]:
    """Return the rows with the most seeders, and the number that all of these have and no others."""
    rows = np.flatnonzero(columns.checked >= since).astype(np.uint32)
    rows = rows[_is_alive(columns, rows, since)]
    if len(rows) <= _POOL:
        return rows, 0
    seeders = columns.seeders[rows]
    least = int(np.partition(seeders, -_POOL)[-_POOL])
    return rows[seeders >= least], least


def _is_alive(columns: Columns, rows: Rowids, since: int) -> Mask:
    is_alive: Mask = columns.alive[rows] & (columns.type[rows] == EntryType.TORRENT) & (columns.checked[rows] >= since)
    is_alive &= (columns.seeders[rows] > 0) | (columns.leechers[rows] > 0)
    return is_alive
