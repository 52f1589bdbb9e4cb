"""One transaction of changes: what they find, and what they leave."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

import msgspec
import numpy as np

from triblerd.store import Transaction
from triblerd_metadata.api import Follower
from triblerd_metadata.categories import Categories
from triblerd_metadata.columns import Columns
from triblerd_metadata.preparing import Derived, TitleWords, derive
from triblerd_metadata.records import (
    NOWHERE,
    Placed,
    entries_of,
    pack_fixed,
    placed_of,
    record_of,
    row_key,
    with_health,
)
from triblerd_metadata.tables import (
    LARGEST_ID,
    LAST_ROWID,
    REVISION,
    Tables,
    id_prefix,
    identity_key,
    infohash_prefix,
)
from triblerd_metadata.values import UNSIGNED, Change, Entry, Health, NewEntry


@dataclass(frozen=True)
class Counters:
    """What only grows.

    Attributes:
        last_rowid: The greatest row that was ever used.
        revision: How many transactions added or deleted rows, or changed titles or infohashes.
    """

    last_rowid: int = 0
    revision: int = 0


class Batch:
    """Gathers changes, then writes them. It changes nothing but its transaction, so it may be thrown away.

    Only one is under way at a time; so what is in memory is what is on disk when it begins.

    Args:
        transaction: Where it reads and writes.
        tables: The tables.
        columns: The numbers before it.
        categories: The categories before it.
        counters: The counters before it.

    Attributes:
        fixed: With ``placed`` and ``changes`` what ``ColumnTable.apply`` takes. Complete when it has been written.
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        tables: Tables,
        columns: Columns,
        categories: Categories,
        counters: Counters,
    ) -> None:
        self._transaction = transaction
        self._tables = tables
        self._columns = columns
        self._categories = categories
        self._first_new = counters.last_rowid + 1
        self._before: dict[int, Entry | None] = {}
        self._after: dict[int, Entry | None] = {}
        self._derived: dict[int, Derived] = {}
        self._shared: list[TitleWords] = []
        self._sharing: dict[int, int] = {}
        self._health: dict[int, Health] = {}
        self._by_prefix: dict[bytes, list[int]] = {}
        self._by_identity: dict[bytes, int] = {}
        self._category_numbers: dict[str, int] = {}
        self._last_rowid = counters.last_rowid
        self._revision = counters.revision
        self.fixed: dict[int, bytes] = {}
        self.placed: dict[int, Placed] = {}
        self.changes: list[Change] = []

    @property
    def counters(self) -> Counters:
        """The counters by now."""
        return Counters(self._last_rowid, self._revision)

    @property
    def new_categories(self) -> Sequence[str]:
        """The texts of categories that were not known before, in the order of their numbers."""
        return list(self._category_numbers)

    def entry(self, rowid: int) -> Entry | None:
        """Return the entry of a row as it is by now."""
        if rowid in self._after:
            return self._after[rowid]
        record = self._transaction.get(self._tables.record, row_key(rowid))
        if record is None:
            return None
        [entry] = entries_of((rowid,), (record,), self._columns.of_row(rowid), self._categories.texts)
        health = self._health.get(rowid)
        return entry if health is None else _with_health(entry, health)

    def by_infohash(self, infohash: bytes) -> list[Entry]:
        """Return the torrents and channels of an infohash, the oldest first."""
        found = map(self.entry, sorted(self._rows(infohash_prefix(infohash))))
        return [entry for entry in found if entry is not None and entry.infohash == infohash]

    def by_identity(self, public_key: bytes, id_: int) -> Entry | None:
        """Return the entry of that key and id."""
        if not 0 <= id_ <= LARGEST_ID:
            return None
        if public_key == UNSIGNED:
            rows: Iterable[int] = self._rows(id_prefix(id_))
        else:
            key = identity_key(public_key, id_)
            rowid = self._by_identity.get(key)
            if rowid is None and (value := self._transaction.get(self._tables.by_identity, key)):
                rowid = int.from_bytes(value, "big")
            rows = [] if rowid is None else [rowid]
        for entry in map(self.entry, rows):
            if entry is not None and entry.public_key == public_key and entry.id == id_:
                return entry
        return None

    def is_unclaimed(self, id_: int) -> bool:
        """Return whether surely no entry has an infohash of which this id of an unsigned one is made."""
        prefix = id_prefix(id_)
        return prefix not in self._by_prefix and self._transaction.first_key(self._tables.by_infohash, prefix) is None

    def contents(self, folders: Iterable[Entry]) -> list[Entry]:
        """Return what is directly in folders and channels. Looks at a column as a whole: 1 ms a million."""
        wanted = {(folder.public_key, folder.id) for folder in folders}
        columns = self._columns
        ids = np.array([id_ for _, id_ in wanted], np.uint64)
        rows = set(np.flatnonzero(columns.alive & np.isin(columns.origin_id, ids)).tolist())
        found = map(self.entry, sorted(rows | self._after.keys()))
        return [entry for entry in found if entry is not None and (entry.public_key, entry.origin_id) in wanted]

    def share(self, words: TitleWords) -> None:
        """Take the words of the entries that come next, and have places in it."""
        self._shared.append(words)

    def insert(self, new: NewEntry, derived: Derived | None = None) -> Entry:
        """Give an entry the next row; ``derived`` is what follows from it, if that is known."""
        self._last_rowid += 1
        derived = derived or derive(new)
        entry = _stored(self._last_rowid, new, derived)
        self._before[entry.rowid] = None
        self._set(entry, derived)
        return entry

    def replace(self, old: Entry, new: NewEntry, derived: Derived | None = None) -> Entry:
        """Put an entry in place of another one, in the same row; of an ``Entry`` the family filter is not asked."""
        if isinstance(new, Entry):
            derived = derive(new, marked=new.is_adult)
            entry = msgspec.structs.replace(new, rowid=old.rowid)
        else:
            derived = derived or derive(new)
            entry = _stored(old.rowid, new, derived)
        self._before.setdefault(old.rowid, old)
        self._health.pop(old.rowid, None)
        self._set(entry, derived)
        return entry

    def delete(self, entry: Entry) -> None:
        """Take an entry away; its row stays empty for ever."""
        self._before.setdefault(entry.rowid, entry)
        self._health.pop(entry.rowid, None)
        self._after[entry.rowid] = None

    def set_health(self, entry: Entry, health: Health) -> None:
        """Set how many peers an entry's torrent has, which touches no record."""
        if entry.rowid in self._after:
            self._after[entry.rowid] = _with_health(entry, health)
        else:
            self._health[entry.rowid] = health

    def write(self, followers: Sequence[Follower]) -> None:
        """Write everything, and have the followers write along."""
        # A row that came and went meanwhile is nobody's business.
        self.changes = [
            Change(rowid, self._before[rowid], after)
            for rowid, after in self._after.items()
            if after is not None or self._before[rowid] is not None
        ]
        self._count_and_place()
        self._write_rows()
        self._write_keys()
        tables, transaction = self._tables, self._transaction
        first = len(self._categories.texts)
        for number, text in enumerate(self._category_numbers, first):
            transaction.put(tables.category, number.to_bytes(4, "big"), text.encode())
        if self._last_rowid >= self._first_new:
            transaction.put(tables.state, LAST_ROWID, self._last_rowid)
        if any(map(_is_told, self.changes)):
            self._revision += 1
            transaction.put(tables.state, REVISION, self._revision)
            rows_by_word = self._rows_by_word()
            for follower in followers:
                follower.written(transaction, self.changes, rows_by_word)

    def _set(self, entry: Entry, derived: Derived) -> None:
        self._after[entry.rowid] = entry
        self._derived[entry.rowid] = derived
        if derived.place >= 0:
            self._sharing[entry.rowid] = len(self._shared) - 1
        if entry.infohash:
            self._by_prefix.setdefault(_prefix(entry), []).append(entry.rowid)
        if entry.public_key != UNSIGNED:
            self._by_identity[identity_key(entry.public_key, entry.id)] = entry.rowid

    def _rows_by_word(self) -> dict[str, list[int]]:
        """Return the rows of each word of titles that are new, some of them twice."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        shared = [np.zeros(words.count, np.uint32) for words in self._shared]
        for change in self.changes:
            if change.after is None or (change.before is not None and change.before.title == change.after.title):
                continue
            derived, rowid = self._derived[change.rowid], change.rowid
            if derived.place >= 0:
                shared[self._sharing[rowid]][derived.place] = rowid
            for word in derived.words:
                found[word].append(rowid)
        for words, rows in zip(self._shared, shared, strict=True):
            for word, having in words.rows_by_word(rows).items():
                found[word] += having
        return found

    def _rows(self, prefix: bytes) -> set[int]:
        keys = self._transaction.keys(self._tables.by_infohash, prefix)
        return {int.from_bytes(key[8:], "big") for key in keys}.union(self._by_prefix.get(prefix, ()))

    def _category_number(self, text: str) -> int:
        number = self._categories.number(text)
        if number is None:
            number = self._category_numbers.setdefault(text, len(self._categories.texts) + len(self._category_numbers))
        return number

    def _count_and_place(self) -> None:
        for change in self.changes:
            if (entry := change.after) is not None:
                category = self._category_number(entry.category)
                count = self._derived[change.rowid].word_count
                self.fixed[change.rowid] = pack_fixed(entry, tokens=count, category=category)
                placed = placed_of(entry)
                if placed != (placed_of(change.before) if change.before else NOWHERE):
                    self.placed[entry.rowid] = placed
        for rowid, health in self._health.items():
            self.fixed[rowid] = with_health(self._columns.fixed(rowid), health).pack()

    def _write_rows(self) -> None:
        tables, transaction = self._tables, self._transaction
        after = [change.after for change in self.changes if change.after is not None]
        new = [entry for entry in after if entry.rowid >= self._first_new]
        old = [entry for entry in after if entry.rowid < self._first_new]
        for entries, append in ((old, False), (new, True)):
            transaction.put_many(
                tables.record, ((row_key(entry.rowid), record_of(entry)) for entry in entries), append=append
            )
        fixed = [(row_key(rowid), numbers) for rowid, numbers in sorted(self.fixed.items())]
        border = row_key(self._first_new)
        transaction.put_many(tables.fixed, (item for item in fixed if item[0] < border))
        transaction.put_many(tables.fixed, (item for item in fixed if item[0] >= border), append=True)
        for rowid, placed in self.placed.items():
            if placed == NOWHERE:
                transaction.delete(tables.placed, row_key(rowid))
            else:
                transaction.put(tables.placed, row_key(rowid), placed.pack())
        for change in self.changes:
            if change.after is None:
                for table in (tables.record, tables.fixed, tables.placed):
                    transaction.delete(table, row_key(change.rowid))

    def _write_keys(self) -> None:
        new_keys: list[tuple[bytes, bytes]] = []
        new_identities: list[tuple[bytes, bytes]] = []
        for change in self.changes:
            old, new = _infohash_key(change.before), _infohash_key(change.after)
            if old != new:
                if old:
                    self._transaction.delete(self._tables.by_infohash, old)
                if new:
                    new_keys.append((new, b""))
            old, new = _identity(change.before), _identity(change.after)
            if old != new:
                if old:
                    self._transaction.delete(self._tables.by_identity, old)
                if new:
                    new_identities.append((new, row_key(change.rowid)))
        # In order, so that each page is touched once.
        self._transaction.put_many(self._tables.by_infohash, sorted(new_keys, key=itemgetter(0)))
        self._transaction.put_many(self._tables.by_identity, sorted(new_identities, key=itemgetter(0)))


def _stored(rowid: int, new: NewEntry, derived: Derived) -> Entry:
    entry = Entry(  # of up to 15 fields, see ``records.entry_of``
        type=new.type,
        id=new.id,
        status=new.status,
        title=new.title,
        category=new.category,
        infohash=new.infohash,
        size=new.size,
        torrent_date=new.torrent_date,
        timestamp=new.timestamp,
        trackers=new.trackers,
        seeders=new.seeders,
        leechers=new.leechers,
        checked=new.checked,
        rowid=rowid,
        is_adult=derived.is_adult,
    )
    if not (new.public_key or new.origin_id or new.is_own or new.self_checked or new.tag_processor_version):
        return entry
    return msgspec.structs.replace(
        entry,
        public_key=new.public_key,
        origin_id=new.origin_id,
        signature=new.signature,
        is_own=new.is_own,
        self_checked=new.self_checked,
        tag_processor_version=new.tag_processor_version,
        part=new.part,
    )


def _with_health(entry: Entry, health: Health) -> Entry:
    return msgspec.structs.replace(
        entry,
        seeders=health.seeders,
        leechers=health.leechers,
        checked=health.checked,
        self_checked=health.self_checked,
    )


def _is_told(change: Change) -> bool:
    before, after = change.before, change.after
    return before is None or after is None or before.title != after.title or before.infohash != after.infohash


def _infohash_key(entry: Entry | None) -> bytes:
    return _prefix(entry) + row_key(entry.rowid) if entry is not None and entry.infohash else b""


def _prefix(entry: Entry) -> bytes:
    """Return how the key of ``by_infohash`` begins of an entry that has one."""
    return id_prefix(entry.id) if entry.public_key == UNSIGNED else infohash_prefix(entry.infohash)


def _identity(entry: Entry | None) -> bytes:
    return identity_key(entry.public_key, entry.id) if entry is not None and entry.public_key else b""
