"""Which torrents are worth a check that nobody asked for."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from triblerd_metadata.columns import Columns
from triblerd_metadata.values import EntryType

OLD_SECONDS = 4 * 3600
"""After that long a check says little."""
MOST_OF_EACH = 50
"""Candidates of each kind; five are checked in a round, but many may have to wait for a tracker."""

_RECENT_ROWS = 10_000


def candidates(columns: Columns, now: int) -> tuple[list[int], list[int], list[int]]:
    """Return rows of torrents whose last check is old, or that were never checked. CPU-bound, milliseconds a million.

    Args:
        columns: Of one moment.
        now: Unix time.

    Returns:
        Those with most seeders, those that were checked longest ago, and those that came last and nobody ever checked:
        each best first, at most ``MOST_OF_EACH``.
    """
    checked = columns.checked
    is_old = (checked > 0) & (checked < now - OLD_SECONDS) & (columns.type == EntryType.TORRENT) & columns.alive
    old = np.flatnonzero(is_old)
    return _least(old, ~columns.seeders[old]), _least(old, checked[old]), list(_recent(columns))


def _least(rows: npt.NDArray[np.int64], values: npt.NDArray[np.generic]) -> list[int]:
    if len(rows) > MOST_OF_EACH:
        best = np.argpartition(values, MOST_OF_EACH)[:MOST_OF_EACH]
        rows, values = rows[best], values[best]
    found: list[int] = rows[np.argsort(values, kind="stable")].tolist()
    return found


def _recent(columns: Columns) -> Iterator[int]:
    start = max(len(columns) - _RECENT_ROWS, 0)
    is_new = (columns.checked[start:] == 0) & (columns.type[start:] == EntryType.TORRENT) & columns.alive[start:]
    for row in np.flatnonzero(is_new)[: -MOST_OF_EACH - 1 : -1].tolist():
        yield start + row
