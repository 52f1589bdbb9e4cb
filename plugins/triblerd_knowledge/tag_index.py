"""Which rows of the metadata store carry a tag: bitmaps, changed with the tags and with the rows.

A row is known by its infohash, which may get a tag before there is a row or after. So whichever comes second, its
transaction looks for the other. Rows that come while this plugin is off are missed, which the store's revision tells;
then the bitmaps are made anew in the background, and meanwhile rows are looked for one by one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from pyroaring import BitMap

from triblerd.store import StoreView, Table, Transaction
from triblerd_knowledge.api import Predicate
from triblerd_knowledge.keys import INFOHASH_SIZE, LONGEST_TAG_PREFIX, parse_claim_key, tag_prefix
from triblerd_knowledge.rules import Tally
from triblerd_metadata.api import Change, MetadataStore

_REVISION = b"revision"
_CHUNK_BITS = 16
"""Rows that share a bitmap: one more row rewrites at most 8 KiB."""
_AT_ONCE = 1000
"""Keys in one transaction when the bitmaps are made anew."""

Rows = Mapping[bytes, BitMap]


class TagIndex:
    """The index by tags; a follower of the metadata store.

    Args:
        store: The plugin's part of the store.
        statement: Tallies by claim.
        by_tag: By tag and infohash, how many spellings of the tag are shown.
        rows: By tag and chunk of rows, the rows as a roaring bitmap.
        state: The revision of the metadata store up to which ``rows`` has all changes, without a gap.
        metadata: Whose rows these are.
    """

    def __init__(  # noqa: PLR0913 - its tables
        self,
        *,
        store: StoreView,
        statement: Table[Tally],
        by_tag: Table[int],
        rows: Table[bytes],
        state: Table[int],
        metadata: MetadataStore,
    ) -> None:
        self._store = store
        self._statement = statement
        self._by_tag = by_tag
        self._rows = rows
        self._state = state
        self._metadata = metadata

    @property
    def is_whole(self) -> bool:
        """Every row of the metadata store was seen."""
        seen = self._state.get(_REVISION)
        return seen is not None and seen >= self._metadata.revision()

    def find(self, tags: Collection[str]) -> BitMap:
        """Return the rows of the torrents that carry all of these tags, whatever their case."""
        prefixes = {tag_prefix(tag) for tag in tags}
        if not prefixes or max(map(len, prefixes)) > LONGEST_TAG_PREFIX:  # longer than keys may be
            return BitMap()
        if not self.is_whole:
            return self._find_one_by_one(prefixes)
        found = [BitMap().union(*map(BitMap.deserialize, self._values(prefix))) for prefix in prefixes]
        return BitMap.intersection(*found)

    def count(self, transaction: Transaction, infohash: bytes, tag: str, change: int) -> None:
        """Note that a torrent shows one spelling of a tag more, or less."""
        prefix = tag_prefix(tag)
        key = prefix + infohash
        spellings = (transaction.get(self._by_tag, key) or 0) + change
        if spellings:
            transaction.put(self._by_tag, key, spellings)
        else:
            transaction.delete(self._by_tag, key)
        if spellings == max(change, 0):  # it was the first one, or the last
            rows = self._chunks(prefix, self._metadata.rows_of(transaction, infohash))
            self._change(transaction, added=rows if spellings else {}, removed={} if spellings else rows)

    def written(
        self,
        transaction: Transaction,
        changes: Sequence[Change],
        rows_by_word: Mapping[str, list[int]],  # noqa: ARG002
    ) -> None:
        """Take over rows that came and went; see ``Follower``."""
        added: defaultdict[bytes, BitMap] = defaultdict(BitMap)
        removed: defaultdict[bytes, BitMap] = defaultdict(BitMap)
        for change in changes:
            before = change.before.infohash if change.before else b""
            after = change.after.infohash if change.after else b""
            if before != after:
                self._gather(transaction, before, change.rowid, removed)
                self._gather(transaction, after, change.rowid, added)
        self._change(transaction, added=added, removed=removed)
        revision = self._metadata.revision(transaction)
        if transaction.get(self._state, _REVISION) == revision - 1:
            transaction.put(self._state, _REVISION, revision)

    async def renew(self) -> None:
        """Make the bitmaps anew, unless they are whole. Not to be called again before it ends."""
        if self.is_whole:
            return
        await self._store.write(lambda transaction: transaction.delete(self._state, _REVISION))
        while await self._store.write(self._forget):
            pass
        start = b""
        while keys := await asyncio.to_thread(self._keys, start):
            await self._store.write(lambda transaction, keys=keys: self._remember(transaction, keys))  # type: ignore[misc]
            start = keys[-1] + b"\0"
        await self._store.write(
            lambda transaction: transaction.put(self._state, _REVISION, self._metadata.revision(transaction))
        )

    def _values(self, prefix: bytes) -> Iterator[bytes]:
        return (value for _, value in self._rows.items(prefix))

    def _find_one_by_one(self, prefixes: Iterable[bytes]) -> BitMap:
        infohashes = set.intersection(
            *({key[-INFOHASH_SIZE:] for key in self._by_tag.keys(prefix)} for prefix in prefixes)
        )
        return BitMap(entry.rowid for infohash in infohashes for entry in self._metadata.by_infohash(infohash))

    def _gather(self, transaction: Transaction, infohash: bytes, rowid: int, rows: dict[bytes, BitMap]) -> None:
        """Add a row to the bitmaps of the tags of its infohash."""
        if not infohash:
            return
        for key, tally in transaction.items(self._statement, infohash):
            claim, _ = parse_claim_key(key)
            if tally.is_shown and claim.predicate is Predicate.TAG:
                rows[_chunk(tag_prefix(claim.object), rowid)].add(rowid)

    def _chunks(self, prefix: bytes, rowids: Iterable[int]) -> Rows:
        rows: defaultdict[bytes, BitMap] = defaultdict(BitMap)
        for rowid in rowids:
            rows[_chunk(prefix, rowid)].add(rowid)
        return rows

    def _change(self, transaction: Transaction, *, added: Rows, removed: Rows) -> None:
        for key in added.keys() | removed.keys():
            stored = transaction.get(self._rows, key)
            rows = BitMap.deserialize(stored) if stored else BitMap()
            rows = rows - removed.get(key, BitMap()) | added.get(key, BitMap())
            if rows:
                transaction.put(self._rows, key, rows.serialize())
            else:
                transaction.delete(self._rows, key)

    def _forget(self, transaction: Transaction) -> bool:
        keys = list(islice(transaction.keys(self._rows), _AT_ONCE))
        for key in keys:
            transaction.delete(self._rows, key)
        return bool(keys)

    def _keys(self, start: bytes) -> list[bytes]:
        return [key for key, _ in islice(self._by_tag.items(start=start), _AT_ONCE)]

    def _remember(self, transaction: Transaction, keys: Iterable[bytes]) -> None:
        added: defaultdict[bytes, BitMap] = defaultdict(BitMap)
        for key in keys:
            prefix, infohash = key[:-INFOHASH_SIZE], key[-INFOHASH_SIZE:]
            if transaction.get(self._by_tag, key) is not None:  # it may be gone by now
                for rowid in self._metadata.rows_of(transaction, infohash):
                    added[_chunk(prefix, rowid)].add(rowid)
        self._change(transaction, added=added, removed={})


def _chunk(prefix: bytes, rowid: int) -> bytes:
    return prefix + (rowid >> _CHUNK_BITS).to_bytes(2)
