"""The metadata store."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Self, TypeVar

from triblerd.store import StoreView, Transaction
from triblerd_metadata.adding import add, add_prepared
from triblerd_metadata.api import Added, Follower, HealthUpdate
from triblerd_metadata.batch import Batch, Counters
from triblerd_metadata.categories import Categories
from triblerd_metadata.column_table import ColumnTable, ColumnWatcher
from triblerd_metadata.columns import Columns
from triblerd_metadata.committing import Committer
from triblerd_metadata.health_reports import report
from triblerd_metadata.preparing import PreparedEntry, TitleWords
from triblerd_metadata.recent_checks import LastChecks
from triblerd_metadata.records import Record, entries_of, row_key, rows_of_keys
from triblerd_metadata.tables import (
    LARGEST_ID,
    LAST_ROWID,
    REVISION,
    Tables,
    id_prefix,
    identity_key,
    infohash_prefix,
)
from triblerd_metadata.values import UNSIGNED, Entry, Health, NewEntry

_READ_AT_ONCE = 10_000
"""Rows whose numbers are read together at start."""
_WALKED_AT_ONCE = 2000
"""Rows read in one look at the store, which keeps pages from being used again meanwhile."""

_TITLES_AT_ONCE = 32

_FEW = 8
"""Rows that are quicker read one by one."""

R = TypeVar("R")


class Metadata:
    """All entries: on disk, with their numbers in memory; what ``MetadataStore`` promises and more.

    Args:
        store: The plugin's part of the store.
        tables: Its tables.

    Attributes:
        checks: The last reports of health.
    """

    def __init__(self, store: StoreView, tables: Tables) -> None:
        self._store = store
        self._tables = tables
        self._categories = Categories()
        self._columns = ColumnTable(self._categories.texts)
        self._committer = Committer(store, tables, self._columns, self._categories)
        self.checks = LastChecks()

    @classmethod
    async def open(cls, store: StoreView) -> Self:
        """Open the store and read the columns, off the event loop: about a second for a million entries."""
        metadata = cls(store, await Tables.open(store))
        await asyncio.to_thread(metadata._load)
        return metadata

    async def close(self) -> None:
        """Wait until everything is on disk."""
        await self._committer.close()

    @property
    def columns(self) -> Columns:
        """The numbers of all entries as they are now."""
        return self._columns.current

    @property
    def counts(self) -> Mapping[int, int]:
        """The number of entries of each type; of one that there is none of 0, or nothing."""
        return self._columns.counts

    def watch(self, watcher: ColumnWatcher) -> Callable[[], None]:
        """Tell ``watcher`` before each change of the columns; the returned function ends that."""
        return self._columns.watch(watcher)

    def follow(self, follower: Follower) -> None:
        """Have ``follower`` write along from the next transaction on, in the place of another one of its class."""
        # Replaced, not changed: the store's thread may be going through it.
        others = [each for each in self._committer.followers if type(each) is not type(follower)]
        self._committer.followers = [*others, follower]

    def entry(self, rowid: int) -> Entry | None:
        """Return the entry of a row."""
        if not self._columns.current.has(rowid):
            return None
        record = self._tables.record.get(row_key(rowid))
        return None if record is None else self._entry(rowid, record)

    def entries(self, rowids: Iterable[int]) -> list[Entry]:
        """Return the entries of rows, in this order, without those that are gone."""
        wanted = list(rowids)
        if len(wanted) <= _FEW:
            return [entry for entry in map(self.entry, wanted) if entry is not None]
        columns = self._columns.current
        rows = columns.living(wanted)
        rowids = rows.tolist()
        with self._store.reading() as transaction:
            records = transaction.get_many(self._tables.record, map(row_key, rowids))
        return entries_of(rowids, records, columns.of_rows(rows), columns.categories)

    @contextmanager
    def reading(self) -> Iterator[Callable[[int], Record | None]]:
        """Have the records of some rows, ``None`` for rows that are gone: in a third of the time of one by one."""
        with self._store.reading() as transaction:
            get, table = transaction.get, self._tables.record
            yield lambda rowid: get(table, row_key(rowid))

    def records(self, rowids: Sequence[int]) -> Iterator[Record | None]:
        """Yield the records of any number of rows, likewise. It may take its time, not all are of one moment."""
        for start in range(0, len(rowids), _WALKED_AT_ONCE):
            with self.reading() as record_of:
                found = [*map(record_of, rowids[start : start + _WALKED_AT_ONCE])]
            yield from found

    def titles(self, transaction: Transaction, rowids: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Yield rows and their titles, as the transaction sees them, in this order and without those that are gone."""
        waiting = iter(rowids)
        while some := list(islice(waiting, _TITLES_AT_ONCE)):
            records = transaction.get_many(self._tables.record, map(row_key, some))
            yield from ((rowid, record.title) for rowid, record in zip(some, records, strict=True) if record)

    def rows_of(self, transaction: Transaction, infohash: bytes) -> list[int]:
        """Return the rows of an infohash, as the transaction sees them."""
        keys = transaction.keys(self._tables.by_infohash, infohash_prefix(infohash))
        records = ((row, transaction.get(self._tables.record, row)) for row in (key[8:] for key in keys))
        return [int.from_bytes(row, "big") for row, record in records if record and record.infohash == infohash]

    def revision(self, transaction: Transaction | None = None) -> int:
        """Return the number of transactions that added or deleted rows or changed titles or infohashes."""
        if transaction is None:
            return self._committer.counters.revision
        return transaction.get(self._tables.state, REVISION) or 0

    def walk(self, first: int = 1) -> Iterator[Entry]:
        """Yield all entries from the row ``first`` on, the oldest first. For a thread; it may take its time.

        What is added or changed meanwhile may be among them, or not.
        """
        for rowids, records in self.walk_records(first):
            for rowid, record in zip(rowids, records, strict=True):
                if self._columns.current.has(rowid):
                    yield self._entry(rowid, record)

    def walk_records(self, first: int = 1) -> Iterator[tuple[Sequence[int], Sequence[Record]]]:
        """Yield rows and their records, likewise, some thousand at a time: a million in a second."""
        keys, records = self._tables.record.some(row_key(first), _WALKED_AT_ONCE)
        while keys:
            rowids = rows_of_keys(keys)
            yield rowids, records
            keys, records = self._tables.record.some(row_key(rowids[-1] + 1), _WALKED_AT_ONCE)

    def rows_signed_with(self, public_key: bytes) -> list[int]:
        """Return the rows of all entries that are signed with a key."""
        return [int.from_bytes(row, "big") for _, row in self._tables.by_identity.items(public_key)]

    def by_infohash(self, infohash: bytes) -> list[Entry]:
        """Return the torrents and channels of an infohash, the oldest first."""
        found = self.entries(self._rows(infohash_prefix(infohash)))
        return [entry for entry in found if entry.infohash == infohash]

    def by_identity(self, public_key: bytes, id_: int) -> Entry | None:
        """Return the entry of that key and id."""
        if not 0 <= id_ <= LARGEST_ID:
            return None
        if public_key == UNSIGNED:
            rows = self._rows(id_prefix(id_))
        else:
            value = self._tables.by_identity.get(identity_key(public_key, id_))
            rows = [] if value is None else [int.from_bytes(value, "big")]
        for entry in self.entries(rows):
            if entry.public_key == public_key and entry.id == id_:
                return entry
        return None

    def last_rowid(self) -> int:
        """Return the greatest row that was ever used, 0 for none."""
        return self._committer.counters.last_rowid

    async def add(self, entries: Iterable[NewEntry], *, within: float = 0.0) -> list[Added]:
        """Store new entries, one transaction for all; see ``MetadataStore``."""
        given = list(entries)
        now = int(time.time())
        return await self._committer.run(lambda batch: add(batch, given, now), within=within)

    async def add_prepared(self, entries: Sequence[PreparedEntry], words: TitleWords) -> list[Added]:
        """Store new entries of which all is known, and the words of those that have a place there; as ``add``."""
        now = int(time.time())
        return await self._committer.run(lambda batch: add_prepared(batch, entries, words, now))

    async def report_health(self, reports: Iterable[Health], *, within: float = 0.0) -> list[HealthUpdate]:
        """Take over what is better than what is known; see ``MetadataStore``."""
        given = list(reports)
        now = int(time.time())
        self.checks.note(given)
        return await self._committer.run(lambda batch: report(batch, given, now), within=within)

    async def run(self, operation: Callable[[Batch], R]) -> R:
        """Run an operation on a batch of changes, and return its result when that is on disk and in memory.

        It runs on the store's thread, maybe twice, and changes nothing but the batch. When it raises, nothing of it is
        kept, and the error comes out here.
        """
        return await self._committer.run(operation)

    def _rows(self, prefix: bytes) -> list[int]:
        return [int.from_bytes(key[8:], "big") for key in self._tables.by_infohash.keys(prefix)]

    def _entry(self, rowid: int, record: Record) -> Entry:
        columns = self._columns.current
        return entries_of((rowid,), (record,), columns.of_row(rowid), columns.categories)[0]

    def _load(self) -> None:
        tables = self._tables
        last_rowid = tables.state.get(LAST_ROWID) or 0
        self._categories.append(text.decode() for _, text in tables.category.items())
        self._columns.load(last_rowid, tables.fixed.stored(_READ_AT_ONCE), tables.placed.stored(_READ_AT_ONCE))
        self._committer.counters = Counters(last_rowid, tables.state.get(REVISION) or 0)
