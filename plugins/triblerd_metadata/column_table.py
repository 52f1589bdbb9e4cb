"""Keeps the columns: reads them at start, changes them after each commit."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from triblerd_metadata.columns import Columns
from triblerd_metadata.records import FIXED_TYPE, PLACED_TYPE, VERSION, Placed
from triblerd_metadata.values import Change

log = logging.getLogger(__name__)

_FROM_FIXED = FIXED_TYPE.names or ()
_FROM_PLACED = PLACED_TYPE.names or ()
_LEAST_CAPACITY = 1024
_GROWTH = 1.25


_Items = Sequence[tuple[bytes, bytes]]


class ColumnWatcher(Protocol):
    """Keeps something that is derived from the columns, such as an order."""

    def changing(self, rows: npt.NDArray[np.uint32], changes: Sequence[Change]) -> None:
        """Be told, on the event loop's thread, which rows are about to change; the columns are still as they were.

        Args:
            rows: All rows concerned, each once: new, changed and deleted ones, and those whose health changed.
            changes: Those of them whose records were written.
        """


class ColumnTable:
    """The columns, with room to grow.

    Args:
        categories: The texts of the categories by number, shared with who adds to it.
    """

    def __init__(self, categories: Sequence[str]) -> None:
        self._categories = categories
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._length = 1
        self._watchers: list[ColumnWatcher] = []
        self._counts: Counter[int] = Counter()
        self._allocate(_LEAST_CAPACITY)
        self.current = self._view()

    @property
    def counts(self) -> Mapping[int, int]:
        """The number of entries of each type."""
        return self._counts

    def watch(self, watcher: ColumnWatcher) -> Callable[[], None]:
        """Tell ``watcher`` of every change from now on; the returned function ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def load(self, last_rowid: int, fixed: Iterable[_Items], placed: Iterable[_Items]) -> None:
        """Read everything, in any thread, before anybody else looks.

        Args:
            last_rowid: The greatest row that was ever used.
            fixed: Keys and stored numbers (``Fixed``) of all rows, in lists; each begins with its version.
            placed: Keys and stored numbers (``Placed``) of the rows that have any, likewise.

        Raises:
            ValueError: something else is stored.
        """
        self._length = last_rowid + 1
        self._allocate(int(self._length * _GROWTH) + _LEAST_CAPACITY)
        for items in fixed:
            rows, numbers = _parse(items, FIXED_TYPE)
            self._arrays["alive"][rows] = True
            self._fill(rows, numbers, _FROM_FIXED)
        for items in placed:
            self._fill(*_parse(items, PLACED_TYPE), _FROM_PLACED)
        self.current = self._view()
        kinds, counts = np.unique(self.current.type[self.current.alive], return_counts=True)
        self._counts = Counter(dict(zip(kinds.tolist(), counts.tolist(), strict=True)))

    def apply(
        self, last_rowid: int, fixed: Mapping[int, bytes], placed: Mapping[int, Placed], changes: Sequence[Change]
    ) -> None:
        """Take over what was committed.

        Args:
            last_rowid: The greatest row that was ever used.
            fixed: Rows that are new or changed, and their packed numbers (``Fixed``).
            placed: Those of them whose rarer numbers changed.
            changes: What was written of records; it also names the rows that are gone.
        """
        gone = np.array([change.rowid for change in changes if change.after is None], np.uint32)
        rows = np.fromiter(fixed, np.uint32, len(fixed))
        for watcher in self._watchers:
            try:
                watcher.changing(np.concatenate((rows, gone)), changes)
            except Exception:  # a border: what is committed is committed, whatever others make of it
                log.exception("A watcher of the columns failed")
        known = self._known(rows), self._known(gone)
        for array in known:
            self._counts.subtract(self._arrays["type"][array].tolist())
        if last_rowid >= self._length:
            self._length = last_rowid + 1
            if self._length > len(self._arrays["alive"]):
                self._allocate(int(self._length * _GROWTH))
        self._arrays["alive"][known[1]] = False
        self._fill(rows, np.frombuffer(b"".join(fixed.values()), FIXED_TYPE), _FROM_FIXED)
        for rowid, numbers in placed.items():
            for name, value in zip(_FROM_PLACED, numbers, strict=True):
                self._arrays[name][rowid] = value
        self._arrays["alive"][rows] = True  # last: who sees it alive sees its numbers
        self._counts.update(self._arrays["type"][rows].tolist())
        if len(self.current) != self._length or self.current.alive.base is not self._arrays["alive"]:
            self.current = self._view()

    def _known(self, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        known = rows[rows < self._length]
        living: npt.NDArray[np.uint32] = known[self._arrays["alive"][known]]
        return living

    def _fill(self, rows: npt.NDArray[np.uint32], values: npt.NDArray[Any], names: Iterable[str]) -> None:
        for name in names:
            self._arrays[name][rows] = values[name]

    def _allocate(self, capacity: int) -> None:
        kinds = {"alive": np.dtype(np.bool_)}
        for source in (FIXED_TYPE, PLACED_TYPE):
            kinds.update({name: source[name] for name in source.names or ()})
        arrays = {name: np.zeros(capacity, kind) for name, kind in kinds.items()}
        for name, array in self._arrays.items():
            if array.any():
                arrays[name][: len(array)] = array
        self._arrays = arrays

    def _view(self) -> Columns:
        length = self._length
        return Columns(**{name: array[:length] for name, array in self._arrays.items()}, categories=self._categories)


def _parse(items: _Items, kind: np.dtype[Any]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[Any]]:
    keys, values = zip(*items, strict=True)
    stored = np.frombuffer(b"".join(values), np.dtype([("version", "u1"), ("numbers", kind)]))
    if (stored["version"] != VERSION).any():
        msg = "the numbers of entries were written by another version"
        raise ValueError(msg)
    return np.frombuffer(b"".join(keys), ">u4").astype(np.uint32), stored["numbers"]
