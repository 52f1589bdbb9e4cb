"""All rows in the order of one column: kept in memory, exact after every change, read in pieces.

An order is an array of rows that is never changed, and the few rows that changed since it was made: these are left out
where they stand in the array, and stand beside it with the place that they have now. When they are many, a new array
is made of all of them. Equals are ordered by row, so that the descending list is the ascending one read backwards.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from triblerd_metadata.lists.sort_keys import KeyOf, KeyReading, Rowids

FEWEST, MOST = 4096, 65536
"""Rows of the first piece that is looked at, and of the largest."""

KNOWN_SPAN = 256
"""Probes of a search that are remembered: those that narrow it down to so many rows. All searches begin with them."""

_Beside = tuple[Any, int, int]
"""Key, row and place of a row beside the array."""
_Probe = tuple[Any, int, int]
"""Key and row of what stands at an index of the array, and that index."""


class View(Protocol):
    """Rows in an order, as they were at one moment. May be read in any thread."""

    def pieces(self, *, descending: bool, fewest: int = FEWEST) -> Iterator[Rowids]:
        """Yield all rows in order, in pieces that grow: the first one is made of so many rows."""


class RowView:
    """Rows by number.

    Args:
        alive: Whether there is an entry, by row.
    """

    def __init__(self, alive: NDArray[np.bool_]) -> None:
        self._alive = alive

    def pieces(self, *, descending: bool, fewest: int = FEWEST) -> Iterator[Rowids]:
        """Yield all rows in order, in pieces that grow."""
        for start, end in _spans(len(self._alive), fewest, descending=descending):
            rows = np.flatnonzero(self._alive[start:end]).astype(np.uint32) + np.uint32(start)
            yield rows[::-1] if descending else rows


@dataclass(frozen=True)
class OrderView:
    """An order at one moment.

    Attributes:
        array: Rows, ascending.
        stale: By row, whether it is left out of the array.
        places: Where the rows beside the array belong: before this index of it. Ascending.
        moved: These rows.
    """

    array: Rowids
    stale: NDArray[np.bool_]
    places: NDArray[np.intp]
    moved: Rowids

    def pieces(self, *, descending: bool, fewest: int = FEWEST) -> Iterator[Rowids]:
        """Yield all rows in order, in pieces that grow."""
        end_of_all = len(self.array)
        for start, end in _spans(end_of_all, fewest, descending=descending) if end_of_all else [(0, 0)]:
            rows = self._piece(start, end, with_end=end == end_of_all)
            yield rows[::-1] if descending else rows

    def whole(self) -> Rowids:
        """Return all rows, ascending."""
        return self._piece(0, len(self.array), with_end=True)

    def _piece(self, start: int, end: int, *, with_end: bool) -> Rowids:
        part = self.array[start:end]
        stays = ~self.stale[part]
        first = np.searchsorted(self.places, start)
        last = len(self.places) if with_end else np.searchsorted(self.places, end)
        if first == last:
            return part[stays]
        where = self.places[first:last] - start
        return np.insert(part, where, self.moved[first:last])[np.insert(stays, where, values=True)]


class KeptOrder:
    """The order of one column, kept. To be used on one thread; its views on any.

    Args:
        rows: All rows, ascending.
        size: One more than the greatest row.
        reading: Reads what is compared, as it is by now.
        known_span: See ``KNOWN_SPAN``.
    """

    def __init__(self, rows: Rowids, size: int, reading: KeyReading, *, known_span: int = KNOWN_SPAN) -> None:
        self._array = rows
        self._stale = np.zeros(size, np.bool_)
        self._reading = reading
        self._known_span = known_span
        self._beside: list[_Beside] = []
        self._beside_of_row: dict[int, _Beside] = {}
        self._waiting: set[int] = set()
        self._probes: dict[int, _Probe] = {}
        self._view: OrderView | None = None

    @property
    def waiting(self) -> int:
        """How many rows were taken out, and not put back."""
        return len(self._waiting)

    @property
    def beside(self) -> int:
        """How many rows were put back beside the array."""
        return len(self._beside)

    def take_out(self, rows: Iterable[int]) -> None:
        """Take rows from where they are; before they change, so that they are not compared by other keys then."""
        for row in rows:
            self._waiting.add(row)
            if row < len(self._stale):
                self._stale[row] = True
            if (entry := self._beside_of_row.pop(row, None)) is not None:
                del self._beside[bisect_left(self._beside, entry)]
        self._view = None

    def put_back(self, most: int) -> None:
        """Put rows where they belong now, unless they are gone; at most so many."""
        with self._reading() as key_of:
            for _ in range(min(most, len(self._waiting))):
                row = self._waiting.pop()
                if (key := key_of(row)) is not None:
                    entry = (key, row, self._place(key, row, key_of))
                    insort(self._beside, entry)
                    self._beside_of_row[row] = entry
                    self._view = None

    def take_out_moved(self) -> None:
        """Take out what was put back: what it was compared with may have changed a moment before that was told."""
        self._probes.clear()
        self.take_out(list(self._beside_of_row))

    def view(self) -> OrderView:
        """Return the order as it is now, without the rows that wait."""
        if self._view is None:
            # Where rows of the array are left out, a place is one of several: the greatest that a row before it has.
            places = np.maximum.accumulate(np.array([place for _, _, place in self._beside], np.intp))
            moved = np.array([row for _, row, _ in self._beside], np.uint32)
            self._view = OrderView(self._array, self._stale.copy(), places, moved)
        return self._view

    def _place(self, key: Any, row: int, key_of: KeyOf) -> int:
        """Return the index of the array before which a row belongs."""
        low, high, own = 0, len(self._array), (key, row)
        while low < high:
            middle = (low + high) // 2
            probe = self._probes.get(middle) or self._probe(middle, high, key_of)
            if high - low > self._known_span and probe is not None:
                self._probes[middle] = probe
            if probe is not None and probe < own:
                low = probe[2] + 1
            else:
                high = middle
        return low

    def _probe(self, start: int, end: int, key_of: KeyOf) -> _Probe | None:
        """Return the first row from an index on that still has the key of its place."""
        for index in range(start, end):
            row = self._array.item(index)
            if not self._stale.item(row) and (key := key_of(row)) is not None:
                return key, row, index
        return None


def _spans(length: int, size: int, *, descending: bool) -> Iterator[tuple[int, int]]:
    done = 0
    while done < length:
        upto = min(done + size, length)
        yield (length - upto, length - done) if descending else (done, upto)
        done, size = upto, min(size * 2, MOST)
