"""The numbers of all entries, in memory, by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from triblerd_metadata.records import ADULT, OWN, SELF_CHECKED, SIGNED, SUBSCRIBED, Fixed

__all__ = ["ADULT", "OWN", "SELF_CHECKED", "SIGNED", "SUBSCRIBED", "Columns"]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One array for each number, indexed by row; row 0 is never used, nor are rows that are not ``alive``.

    May be read on any thread. The event loop's thread writes numbers of known rows into the same arrays, and hands out
    another ``Columns`` when there are new rows: take one, and use it from the beginning to the end of a request.

    Attributes:
        alive: There is an entry in this row.
        type: See ``EntryType``; ``status`` see ``EntryStatus``.
        checked: Unix time, 0 for never; ``torrent_date`` Unix time, 0 for unknown.
        flags: ``ADULT``, ``OWN``, ``SELF_CHECKED``, ``SIGNED``, ``SUBSCRIBED``.
        tokens: Number of words of the title, at most 255.
        category: Index into ``categories``.
        origin_id: ``id`` of the folder that it is in.
        num_entries: Of channels and folders, as ``votes``.
        categories: The texts of all categories there ever were; the first one is empty. It only grows.
    """

    alive: npt.NDArray[np.bool_]
    type: npt.NDArray[np.uint16]
    status: npt.NDArray[np.uint16]
    seeders: npt.NDArray[np.uint32]
    leechers: npt.NDArray[np.uint32]
    checked: npt.NDArray[np.uint32]
    size: npt.NDArray[np.uint64]
    torrent_date: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    tokens: npt.NDArray[np.uint8]
    category: npt.NDArray[np.uint32]
    origin_id: npt.NDArray[np.uint64]
    num_entries: npt.NDArray[np.uint32]
    votes: npt.NDArray[np.float32]
    categories: Sequence[str]

    def __len__(self) -> int:
        """One more than the greatest row that was ever used."""
        return len(self.alive)

    def fixed(self, rowid: int) -> Fixed:
        """Return the numbers of a living row that every entry has."""
        return Fixed(
            self.type.item(rowid),
            self.status.item(rowid),
            self.seeders.item(rowid),
            self.leechers.item(rowid),
            self.checked.item(rowid),
            self.size.item(rowid),
            self.torrent_date.item(rowid),
            self.flags.item(rowid),
            self.tokens.item(rowid),
            self.category.item(rowid),
        )

    def of_rows(self, rows: npt.NDArray[np.intp]) -> list[list[int]]:
        """Return the numbers of living rows that entries are made of: a list of each, see ``records.entries_of``."""
        return [array[rows].tolist() for array in self._of_entries()]

    def of_row(self, rowid: int) -> list[list[int]]:
        """Return those of one living row, likewise; ten times as fast."""
        return [[array.item(rowid)] for array in self._of_entries()]

    def living(self, rowids: Sequence[int]) -> npt.NDArray[np.intp]:
        """Return those of some rows that have an entry, in this order."""
        rows = np.array(rowids, np.intp)  # of that type numpy's own indices are
        is_living = self.alive.take(rows, mode="clip")  # row 0 never is
        is_living &= rows < len(self.alive)
        return rows if np.count_nonzero(is_living) == len(rows) else rows[is_living]

    def has(self, rowid: int) -> bool:
        """Return whether there is an entry in a row."""
        return 0 < rowid < len(self.alive) and self.alive.item(rowid)

    def _of_entries(self) -> Sequence[npt.NDArray[Any]]:
        return (
            self.type,
            self.status,
            self.seeders,
            self.leechers,
            self.checked,
            self.size,
            self.torrent_date,
            self.flags,
            self.category,
            self.origin_id,
        )
