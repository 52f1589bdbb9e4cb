"""What each list order compares."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from triblerd_metadata.columns import SUBSCRIBED, Columns
from triblerd_metadata.records import Record
from triblerd_metadata.selections import SortColumn
from triblerd_metadata.values import EntryType

Rowids = NDArray[np.uint32]
Keys = NDArray[Any]
KeyOf = Callable[[int], Any]
"""Returns what is compared of a row; ``None`` when it is gone."""
KeyReading = Callable[[], AbstractContextManager[KeyOf]]
"""Reads what is compared of rows, one after the other and for a moment."""

_CHANNEL, _FOLDER = int(EntryType.CHANNEL), int(EntryType.FOLDER)
_ABOVE_SIZES = 2**63
"""Greater than the size of any torrent."""


class Texts(Protocol):
    """Reads the texts of entries, in any thread."""

    def reading(self) -> AbstractContextManager[Callable[[int], Record | None]]:
        """Have the records of some rows, ``None`` for rows that are gone, for a moment."""

    def records(self, rowids: Sequence[int]) -> Iterator[Record | None]:
        """Yield the records of any number of rows, likewise."""

    def walk_records(self) -> Iterator[tuple[Sequence[int], Sequence[Record]]]:
        """Yield all rows and their records, some at a time. For a thread; it may take its time."""


@dataclass(frozen=True)
class NumberKey:
    """Compares numbers that are in the columns.

    Attributes:
        of_many: Returns the keys of rows.
        of_one: Returns the key of one row. These compare with one another as those of ``of_many`` do.
        first_of_many: Returns the first part of keys that have several.
    """

    of_many: Callable[[Columns, Rowids], Keys]
    of_one: Callable[[Columns, int], float | str]
    first_of_many: Callable[[Columns, Rowids], Keys] | None = None

    def rough(self, columns: Columns, rows: Rowids) -> Keys:
        """Return numbers that compare as the keys do, or as less: rows that differ may be alike."""
        return (self.first_of_many or self.of_many)(columns, rows)

    def reader(self, columns: Columns) -> KeyOf:
        """Return what tells the keys of rows, ``None`` of those without an entry."""
        of_one, is_alive, size = self.of_one, columns.alive.item, len(columns)
        return lambda row: of_one(columns, row) if row < size and is_alive(row) else None


@dataclass(frozen=True)
class TextKey:
    """Compares texts that are in the records.

    Attributes:
        of_many: Yields the bytes that are compared of rows, ``None`` for those that are gone.
        reading: Reads them one after the other.
        walk: Yields all rows and their bytes, some at a time. For a thread; it may take its time.
    """

    of_many: Callable[[Sequence[int]], Iterator[bytes | None]]
    reading: KeyReading
    walk: Callable[[], Iterator[tuple[Sequence[int], Sequence[bytes]]]]


def _category_of_many(columns: Columns, rows: Rowids) -> Keys:
    numbers = columns.category[rows]  # first: the texts only grow
    texts = list(columns.categories)
    ranks = np.empty(len(texts), np.uint32)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts), dtype=np.uint32)
    return ranks[numbers]


def _category_of_one(columns: Columns, row: int) -> str:
    return columns.categories[columns.category.item(row)]


def _size_of_many(columns: Columns, rows: Rowids) -> Keys:
    types = columns.type[rows]
    contents = columns.num_entries[rows].astype(np.uint64) + np.uint64(_ABOVE_SIZES)
    return np.where((types == _CHANNEL) | (types == _FOLDER), contents, columns.size[rows])


def _size_of_one(columns: Columns, row: int) -> float:
    if columns.type.item(row) in (_CHANNEL, _FOLDER):
        return _ABOVE_SIZES + columns.num_entries.item(row)
    return columns.size.item(row)


def _contents_of_many(columns: Columns, rows: Rowids) -> Keys:
    types = columns.type[rows]
    return np.where((types == _CHANNEL) | (types == _FOLDER), columns.num_entries[rows].astype(np.int64), -1)


def _contents_of_one(columns: Columns, row: int) -> float:
    return columns.num_entries.item(row) if columns.type.item(row) in (_CHANNEL, _FOLDER) else -1


def _votes_of_many(columns: Columns, rows: Rowids) -> Keys:
    return np.where(columns.type[rows] == _CHANNEL, columns.votes[rows], np.float32(-1))


def _votes_of_one(columns: Columns, row: int) -> float:
    return columns.votes.item(row) if columns.type.item(row) == _CHANNEL else -1


def _subscribed_of_many(columns: Columns, rows: Rowids) -> Keys:
    flag = (columns.flags[rows] & SUBSCRIBED != 0).astype(np.int8)
    return np.where(columns.type[rows] == _CHANNEL, flag, np.int8(-1))


def _subscribed_of_one(columns: Columns, row: int) -> float:
    return int(columns.flags.item(row) & SUBSCRIBED != 0) if columns.type.item(row) == _CHANNEL else -1


def health_keys(columns: Columns, rows: Rowids) -> NDArray[np.uint64]:
    """Return numbers that compare as seeders, then leechers, of rows do."""
    return columns.seeders[rows].astype(np.uint64) << np.uint64(32) | columns.leechers[rows]


def _health_of_one(columns: Columns, row: int) -> float:
    return columns.seeders.item(row) << 32 | columns.leechers.item(row)


NUMBER_KEYS = {
    SortColumn.CATEGORY: NumberKey(_category_of_many, _category_of_one),
    SortColumn.SIZE: NumberKey(_size_of_many, _size_of_one),
    SortColumn.DATE: NumberKey(
        lambda columns, rows: columns.torrent_date[rows], lambda columns, row: columns.torrent_date.item(row)
    ),
    SortColumn.STATUS: NumberKey(
        lambda columns, rows: columns.status[rows], lambda columns, row: columns.status.item(row)
    ),
    SortColumn.TORRENTS: NumberKey(_contents_of_many, _contents_of_one),
    SortColumn.VOTES: NumberKey(_votes_of_many, _votes_of_one),
    SortColumn.SUBSCRIBED: NumberKey(_subscribed_of_many, _subscribed_of_one),
    SortColumn.HEALTH: NumberKey(health_keys, _health_of_one, lambda columns, rows: columns.seeders[rows]),
}


def text_keys(texts: Texts) -> dict[SortColumn, TextKey]:
    """Return what is compared of texts."""

    def text_key(of_one: Callable[[Record], bytes]) -> TextKey:
        def of_many(rows: Sequence[int]) -> Iterator[bytes | None]:
            return (None if record is None else of_one(record) for record in texts.records(rows))

        @contextmanager
        def reading() -> Iterator[KeyOf]:
            with texts.reading() as record_of:
                yield lambda row: None if (record := record_of(row)) is None else of_one(record)

        def walk() -> Iterator[tuple[Sequence[int], Sequence[bytes]]]:
            return ((rows, [*map(of_one, records)]) for rows, records in texts.walk_records())

        return TextKey(of_many, reading, walk)

    return {
        SortColumn.NAME: text_key(lambda record: name_key(record.title)),
        SortColumn.INFOHASH: text_key(lambda record: record.infohash),
    }


def name_key(title: str) -> bytes:
    """Return what titles are compared by: ASCII letters are lower case, others are as they are."""
    return title.encode().lower()
