"""The entries that were seen, on disk: what was there at which poll, and what was done with it."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_rss.reading import Item
from triblerd_rss.records import Entry, FeedRecord, LookUp, Take, TakeState

_NUMBER_BYTES = 8
_NAME_BYTES = 16
_OPEN = frozenset({TakeState.UNSIZED, TakeState.WAITING})
RETRIED = frozenset({TakeState.FAILED, TakeState.REFUSED})
"""Of what ended so, the rule may take the torrent all the same: by another entry, or when that is asked for."""

Entries = list[tuple[int, Entry]]
"""Entries with their numbers, which grow in the order in which they were first seen."""


class Limits(NamedTuple):
    """How long entries that are gone from their feed are kept.

    Attributes:
        most: Of one feed.
        seconds: How long.
    """

    most: int
    seconds: float


class EntryTables:
    """The tables of feeds and their entries.

    Attributes:
        feeds: By key.
        counts: The entries of each feed.
    """

    def __init__(
        self,
        *,
        view: StoreView,
        feeds: Table[FeedRecord],
        entries: Table[Entry],
        names: Table[bytes],
        taken: Table[bytes],
    ) -> None:
        self._view = view
        self.feeds = feeds
        self._entries = entries
        self._names = names
        self._taken = taken
        self._next = 1
        self.counts: Counter[bytes] = Counter()

    @classmethod
    async def open(cls, view: StoreView) -> "EntryTables":
        """Return the tables, which are made when they are missing."""
        return cls(
            view=view,
            feeds=await view.table("feeds", FeedRecord),
            entries=await view.table("entries", Entry),
            names=await view.table("names", bytes),
            taken=await view.table("taken", bytes),
        )

    async def load(self) -> Entries:
        """Read all, count them, and return those that something is to be done with."""

        def read() -> tuple[int, Counter[bytes], Entries]:
            last, counts, unfinished = 0, Counter[bytes](), Entries()
            for key, entry in self._entries.items():
                last = int.from_bytes(key)
                counts[entry.feed] += 1
                if is_unfinished(entry):
                    unfinished.append((last, entry))
            return last, counts, unfinished

        last, self.counts, unfinished = await asyncio.to_thread(read)
        self._next = last + 1
        return unfinished

    def url_of(self, feed: bytes) -> str:
        """Return the address of a feed by its key; empty when nothing was seen in it. Takes microseconds."""
        record = self.feeds.get(feed)
        return record.url if record else ""

    def get(self, number: int) -> Entry | None:
        """Return an entry, ``None`` when it is gone."""
        return self._entries.get(_key(number))

    def newest(self, wanted: Callable[[Entry], bool], feed: bytes | None, most: int) -> Entries:
        """Return the newest entries that are wanted, the newest first. For a thread.

        Args:
            wanted: Says so.
            feed: Only those of a feed, by its key.
            most: Look at no more.
        """
        in_feed = () if feed is None else self._names.items(feed)
        keys = list(self._entries.keys()) if feed is None else sorted(number for _, number in in_feed)
        found = Entries()
        with self._view.reading() as transaction:
            for key in keys[: -most - 1 : -1]:
                entry = transaction.get(self._entries, key)
                if entry is not None and wanted(entry):
                    found.append((int.from_bytes(key), entry))
        return found

    async def record(
        self, feed: FeedRecord, key: bytes, items: Sequence[Item], make: Callable[[Item, bytes], Entry], limits: Limits
    ) -> tuple[Entries, int]:
        """Store what a poll brought, as one: what is new, what is gone, and how the feed is.

        Args:
            feed: As it is now.
            key: Of the feed.
            items: All that is in the feed.
            make: Makes the entry of an item that is new, by its hash.
            limits: What of the entries that are gone is kept.

        Returns:
            The new entries, and how many there are of the feed.
        """
        first, now = self._next, feed.polled
        self._next += len(items)  # whatever happens to the transaction, no number is used twice

        def write(transaction: Transaction) -> tuple[Entries, int]:
            known = {name[len(key) :]: number for name, number in transaction.items(self._names, key)}
            new, number = Entries(), first
            for item in reversed(items):  # most often the oldest is last, and gets the smallest number
                name = _hash(item.name)
                if name in known:
                    self._set_gone(transaction, known.pop(name), 0)
                    continue
                entry = make(item, name)
                transaction.put(self._entries, _key(number), entry)
                transaction.put(self._names, key + name, _key(number))
                new.append((number, entry))
                number += 1
            gone = [(number, self._set_gone(transaction, number, now)) for number in known.values()]
            for number_, entry in _outdated(gone, limits, now):
                self._delete(transaction, number_, entry)
            transaction.put(self.feeds, key, feed)
            return new, sum(1 for _ in transaction.keys(self._names, key))

        new, count = await self._view.write(write)
        self.counts[key] = count
        return new, count

    async def change(self, number: int, change: Callable[[Entry], Entry]) -> Entry | None:
        """Change an entry and return it; ``None`` when it is gone. On disk when this returns."""
        return (await self.change_many([number], change)).get(number)

    async def change_many(self, numbers: Iterable[int], change: Callable[[Entry], Entry]) -> Mapping[int, Entry]:
        """Change entries, all as one, and return those that there are."""
        keys = [(number, _key(number)) for number in numbers]

        def write(transaction: Transaction) -> Mapping[int, Entry]:
            changed: dict[int, Entry] = {}
            for number, key in keys:
                if (entry := transaction.get(self._entries, key)) is not None:
                    changed[number] = change(entry)
                    transaction.put(self._entries, key, changed[number])
            return changed

        return await self._view.write(write)

    async def claim(self, rule: int, infohash: str, number: int) -> bool:
        """Note that a rule takes a torrent by an entry; return whether it does, rather than by another entry.

        On disk when this returns; it may be said again of the same entry.
        """
        claim = _claim(rule, infohash)

        def write(transaction: Transaction) -> bool:
            key = _key(number)
            owner = transaction.get(self._taken, claim)
            if owner is not None and owner != key and self._holds(transaction, owner, rule):
                return False
            if (entry := transaction.get(self._entries, key)) is None:
                return False
            transaction.put(self._taken, claim, key)
            if (take := take_of(entry, rule)) is not None:
                take = msgspec.structs.replace(take, infohash=infohash)
                transaction.put(self._entries, key, with_take(entry, take))
            return True

        return await self._view.write(write)

    def has_taken(self, rule: int, infohash: str) -> bool:
        """Return whether a rule has taken a torrent, by whatever entry. Takes microseconds."""
        return bool(infohash) and self._taken.get(_claim(rule, infohash)) is not None

    async def forget_rule(self, rule: int) -> None:
        """Forget what a rule has taken, by its number."""

        def write(transaction: Transaction) -> None:
            for claim in list(transaction.keys(self._taken, _rule_key(rule))):
                transaction.delete(self._taken, claim)

        await self._view.write(write)

    async def forget_feed(self, feed: bytes) -> None:
        """Forget a feed and all of its entries."""

        def write(transaction: Transaction) -> None:
            for _, key in list(transaction.items(self._names, feed)):
                if (entry := transaction.get(self._entries, key)) is not None:
                    self._delete(transaction, key, entry)
            transaction.delete(self.feeds, feed)

        await self._view.write(write)
        self.counts.pop(feed, None)

    def _holds(self, transaction: Transaction, key: bytes, rule: int) -> bool:
        """Return whether an entry is what a rule has taken, or may still take, its torrent by."""
        entry = transaction.get(self._entries, key)
        take = take_of(entry, rule) if entry else None
        return take is not None and take.state not in RETRIED

    def _set_gone(self, transaction: Transaction, key: bytes, since: int) -> Entry | None:
        entry = transaction.get(self._entries, key)
        if entry is not None and bool(entry.gone) != bool(since):
            entry = msgspec.structs.replace(entry, gone=since)
            transaction.put(self._entries, key, entry)
        return entry

    def _delete(self, transaction: Transaction, key: bytes, entry: Entry) -> None:
        for take in entry.takes:
            claim = _claim(take.rule, take.infohash) if take.infohash else b""
            if claim and transaction.get(self._taken, claim) == key:
                transaction.delete(self._taken, claim)
        transaction.delete(self._names, entry.feed + entry.name)
        transaction.delete(self._entries, key)


def is_unfinished(entry: Entry) -> bool:
    """Return whether something is to be done with an entry."""
    return entry.look_up is LookUp.WAITING or is_to_remember(entry) or any(is_open(take) for take in entry.takes)


def is_to_remember(entry: Entry) -> bool:
    """Return whether the metadata store is to be told of an entry."""
    return bool(entry.infohash) and not entry.is_remembered and not entry.is_private


def is_open(take: Take) -> bool:
    """Return whether something is to be done yet."""
    return take.state in _OPEN


def take_of(entry: Entry, rule: int) -> Take | None:
    """Return what a rule does with an entry, ``None`` when that is nothing."""
    return next((take for take in entry.takes if take.rule == rule), None)


def with_take(entry: Entry, take: Take) -> Entry:
    """Return the entry with what a rule does with it, in the place of what it did."""
    others = tuple(other for other in entry.takes if other.rule != take.rule)
    return msgspec.structs.replace(entry, takes=(*others, take))


def without_take(entry: Entry, rule: int) -> Entry:
    """Return the entry without what a rule does with it."""
    return msgspec.structs.replace(entry, takes=tuple(take for take in entry.takes if take.rule != rule))


def _outdated(gone: Sequence[tuple[bytes, Entry | None]], limits: Limits, now: int) -> list[tuple[bytes, Entry]]:
    """Return what need not be kept of the entries that are gone from a feed, by their keys."""
    idle = [(key, entry) for key, entry in gone if entry is not None and not any(is_open(take) for take in entry.takes)]
    idle.sort(key=lambda item: (item[1].gone, item[0]), reverse=True)
    return [
        (key, entry)
        for place, (key, entry) in enumerate(idle)
        if place >= limits.most or now - entry.gone > limits.seconds
    ]


def _key(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES)


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:_NAME_BYTES]


def _rule_key(rule: int) -> bytes:
    return rule.to_bytes(_NUMBER_BYTES)


def _claim(rule: int, infohash: str) -> bytes:
    return _rule_key(rule) + bytes.fromhex(infohash)
