"""What becomes of the answers of peers: their records go into the store, checked, and not too many of them."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec

from triblerd.store import StoreError
from triblerd_discovery.blocks import Block, Numbers, read_block
from triblerd_discovery.limits import DayBudget
from triblerd_discovery.link import PeerId
from triblerd_discovery.messages import HealthItem, MalformedError
from triblerd_discovery.requests import Question
from triblerd_metadata.api import (
    Entry,
    EntryType,
    Health,
    MetadataStore,
    NewEntry,
    ReceivedRecord,
    RecordFormatError,
    WireRecords,
    health_of,
    replaces,
)

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 4
_WITH_NUMBERS = frozenset({EntryType.TORRENT, EntryType.CHANNEL})


class Receiver:
    """Stores what peers sent; nothing of it takes the place of what this daemon knows by itself.

    Args:
        budget: How much is taken.
        now: Returns Unix time.

    Attributes:
        counts: Records by what became of them.
    """

    def __init__(
        self,
        *,
        store: MetadataStore,
        records: WireRecords,
        budget: DayBudget,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._records = records
        self._budget = budget
        self._now = now
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        self.counts = Counter[str]()

    def has_room(self, peer: PeerId) -> bool:
        """Return whether anything would be taken of a peer."""
        return self._budget.left(peer) > 0

    async def receive(
        self, question: Question, data: bytes, *, wanted: Collection[bytes] | None = None, within: float
    ) -> list[Entry]:
        """Store what is in a block, and return what was new or replaced something older.

        Args:
            question: What the block answers. No more records are taken than it asked for.
            data: The block.
            wanted: Only torrents of these infohashes; ``None`` for any.
            within: Seconds that it may wait to be stored together with others.

        Raises:
            MalformedError: it is no block of records.
        """
        async with self._turns:
            block = read_block(data)
            try:
                received = await self._records.read(block.records)
            except RecordFormatError as error:
                raise MalformedError(str(error)) from error
            numbers = _numbers_by_infohash(block, received)
            entries = [
                _with_numbers(record.entry, numbers.get(record.infohash, Numbers()))
                for record in received
                if record.entry is not None and (wanted is None or record.infohash in wanted)
            ]
            entries = entries[: question.rows_left]
            question.rows_left -= len(entries)
            self.counts["refused"] += len(received) - len(entries)
        await self.take_health(
            [
                HealthItem(entry.infohash, entry.seeders, entry.leechers, entry.checked)
                for entry in entries
                if entry.checked
            ],
            within=within,
        )
        entries = [entry for entry in entries if self._may_be_new(entry)][: self._budget.left(question.peer)]
        if not entries:
            return []
        self._budget.take(question.peer, len(entries))
        try:
            outcomes = await self._store.add(entries, within=within)
        except StoreError as error:  # a full disk, say; strangers do not fill the log with that
            log.debug("Torrents of a peer are not stored: %s", error)
            return []
        self.counts.update(one.outcome for one in outcomes)
        return [one.entry for one in outcomes if one.entry is not None and one.outcome in ("added", "replaced")]

    async def take_health(self, items: Sequence[HealthItem], *, within: float) -> None:
        """Have the store take over what peers say of torrents that it has, by the rules for hearsay."""
        reports = [_report(item) for item in items]
        better = [report for report in reports if self._is_news(report)]
        self.counts["health"] += len(better)
        if better:
            try:
                await self._store.report_health(better, within=within)
            except StoreError as error:  # as above
                log.debug("What a peer says of torrents is not stored: %s", error)

    def _is_news(self, report: Health) -> bool:
        known = self._store.by_infohash(report.infohash)
        return bool(known) and replaces(report, health_of(known[0]), int(self._now()))

    def _may_be_new(self, entry: NewEntry) -> bool:
        if not entry.public_key:
            return not self._store.by_infohash(entry.infohash)
        known = self._store.by_identity(entry.public_key, entry.id)
        return known is None or entry.timestamp > known.timestamp


def _report(item: HealthItem) -> Health:
    return Health(
        infohash=item.infohash,
        seeders=item.seeders,
        leechers=item.leechers,
        checked=item.checked,
        tracker=item.tracker,
    )


def _numbers_by_infohash(block: Block, received: Sequence[ReceivedRecord]) -> dict[bytes, Numbers]:
    counted = [record for record in received if record.kind in _WITH_NUMBERS]
    if len(counted) != len(block.numbers):
        return {}
    return {record.infohash: numbers for record, numbers in zip(counted, block.numbers, strict=True)}


def _with_numbers(entry: NewEntry, numbers: Numbers) -> NewEntry:
    return msgspec.structs.replace(
        entry, seeders=numbers.seeders, leechers=numbers.leechers, checked=numbers.checked, self_checked=False
    )
