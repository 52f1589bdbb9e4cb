"""The torrents that are most alive at present."""

import numpy as np

from triblerd_metadata.columns import Columns
from triblerd_metadata.lists.filters import Mask
from triblerd_metadata.lists.sort_keys import Rowids
from triblerd_metadata.selections import POPULAR_SECONDS
from triblerd_metadata.values import EntryType

MOST_POPULAR = 100


class Popular:
    """Finds the most popular torrents: checked within a day, with the most seeders, leechers, the latest check."""

    def __init__(self) -> None:
        self._seeders_enough = 0

    def rows(self, columns: Columns, now: int) -> Rowids:
        """Return the rows of the most popular torrents, ascending; at most 100. For one thread at a time.

        Args:
            columns: The numbers.
            now: Unix time.
        """
        recent = columns.checked >= max(now - POPULAR_SECONDS, 0)
        # Nearly always the hundred best have about as many seeders as last time, so few rows have to be sorted.
        rows = _candidates(columns, recent & (columns.seeders >= self._seeders_enough))
        if len(rows) < MOST_POPULAR and self._seeders_enough:
            rows = _candidates(columns, recent)
        seeders = columns.seeders[rows]
        if len(rows) > MOST_POPULAR:
            keep = seeders >= np.partition(seeders, -MOST_POPULAR)[-MOST_POPULAR]
            rows, seeders = rows[keep], seeders[keep]
        best = np.lexsort((rows, columns.checked[rows], columns.leechers[rows], seeders))[-MOST_POPULAR:]
        self._seeders_enough = int(seeders.min()) * 3 // 4 if len(best) == MOST_POPULAR else 0
        return np.sort(rows[best])


def _candidates(columns: Columns, mask: Mask) -> Rowids:
    rows = np.flatnonzero(mask).astype(np.uint32)
    wanted = columns.alive[rows] & (columns.type[rows] == EntryType.TORRENT)
    wanted &= (columns.seeders[rows] > 0) | (columns.leechers[rows] > 0)
    found: Rowids = rows[wanted]
    return found
