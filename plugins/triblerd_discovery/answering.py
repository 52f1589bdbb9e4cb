"""Answers what peers ask, out of the store, and only what is for others."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from pyroaring import AbstractBitMap, BitMap

from triblerd_discovery.blocks import EMPTY_BLOCK, Numbers, write_blocks
from triblerd_discovery.config import DiscoveryConfig
from triblerd_discovery.limits import Rates
from triblerd_discovery.link import Link, PeerId, Spawn
from triblerd_discovery.messages import MessageNumber, Select, SelectResponse
from triblerd_discovery.queries import Wanted, read_query
from triblerd_discovery.relevance import relevance, words_of
from triblerd_discovery.requests import MOST_PACKETS
from triblerd_metadata.api import (
    UNSIGNED,
    Entry,
    EntryStatus,
    Lists,
    MetadataStore,
    TextIndex,
    WireRecords,
)

_NEWEST = 10_000
_BEST_SEEDED = 1000
"""Matches that are weighed by their titles, of the newest ones."""
_MOST_AT_ONCE = 16
_MOST_TEXTS_AT_ONCE = 3


class Answerer:
    """Answers selects, a few at a time; who asks too much gets the empty answer.

    Args:
        text_index: Returns who finds rows by words, ``None`` while nobody does: then no words are found.
        largest_block: Bytes of one.
        most_rows: Of one answer.
        spawn: Starts background work.
        now: Returns Unix time.
    """

    def __init__(  # noqa: PLR0913 - what it answers from, by keyword
        self,
        *,
        config: DiscoveryConfig,
        link: Link,
        store: MetadataStore,
        lists: Lists,
        records: WireRecords,
        text_index: Callable[[], TextIndex | None],
        largest_block: int,
        most_rows: int,
        spawn: Spawn,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._with_own = config.share_own
        self._link = link
        self._store = store
        self._lists = lists
        self._records = records
        self._text_index = text_index
        self._largest_block = largest_block
        self._most_rows = most_rows
        self._spawn = spawn
        self._now = now
        # Version 8.4 asks at once for each of the ten torrents of a message that it did not know, and forgets who is
        # silent: such questions are cheap, and many of them are meant well.
        self._questions = Rates(5, 60)
        self._all_questions = Rates(30, 200)
        self._texts = Rates(0.5, 5)
        self._text_askers: set[PeerId] = set()
        self._running = 0
        self.counts = Counter[str]()

    def asked(self, peer: PeerId, select: Select) -> None:
        """Answer a peer, soon.

        Raises:
            MalformedError: it is no question. There is no answer then.
        """
        wanted = read_query(select.query, with_own=self._with_own)
        if wanted is None or not self._may_ask(peer, is_text=bool(wanted.words)):
            self.counts["empty"] += 1
            self._send(peer, select.request_id, [EMPTY_BLOCK])
            return
        self._running += 1
        if wanted.words:
            self._text_askers.add(peer)
        self._spawn("answer", self._answer(peer, select.request_id, wanted))

    async def blocks(self, wanted: Wanted) -> list[bytes]:
        """Return the blocks that answer a question."""
        rowids = await self._found(wanted)
        return await asyncio.to_thread(self._packed, rowids)

    def _may_ask(self, peer: PeerId, *, is_text: bool) -> bool:
        if self._running >= _MOST_AT_ONCE or not self._questions.allow(peer) or not self._all_questions.allow(None):
            return False
        if not is_text:
            return True
        is_free = peer not in self._text_askers and len(self._text_askers) < _MOST_TEXTS_AT_ONCE
        return is_free and self._texts.allow(peer)

    async def _answer(self, peer: PeerId, request_id: int, wanted: Wanted) -> None:
        try:
            blocks = await self.blocks(wanted)
        finally:
            self._running -= 1
            if wanted.words:
                self._text_askers.discard(peer)
        self.counts["answered"] += 1
        self._send(peer, request_id, blocks)

    def _send(self, peer: PeerId, request_id: int, blocks: Sequence[bytes]) -> None:
        for block in blocks[:MOST_PACKETS]:  # nobody takes more of them
            self._link.send(peer, MessageNumber.SELECT_RESPONSE, SelectResponse(request_id, block).pack())

    async def _found(self, wanted: Wanted) -> list[int]:
        rows = None
        if wanted.words:
            index = self._text_index()
            rows = await index.rows(wanted.words) if index is not None else BitMap()
        if wanted.id is not None:
            named = self._store.by_identity(wanted.selection.channel_pk or UNSIGNED, wanted.id)
            alone = BitMap([named.rowid] if named else [])
            rows = alone if rows is None else rows & alone
        if rows is not None and not rows:
            return []
        if wanted.words and wanted.order.column is None:
            return await asyncio.to_thread(self._by_relevance, wanted, rows or BitMap())
        page = await self._lists.page(wanted.selection, wanted.order, wanted.window, rows=rows)
        return page.rowids[: self._most_rows]

    def _by_relevance(self, wanted: Wanted, rows: AbstractBitMap) -> list[int]:
        newest = self._lists.selected(wanted.selection, rows)[-_NEWEST:]
        seeders = self._store.columns.seeders
        newest = newest[newest < len(seeders)]
        best = newest[np.argsort(seeders[newest], kind="stable")[-_BEST_SEEDED:]]
        query, now = words_of(wanted.query), self._now()

        def rank(entry: Entry) -> tuple[float, int]:
            age = now - entry.torrent_date if entry.torrent_date else None
            score = relevance(query, entry.title, seeders=entry.seeders, leechers=entry.leechers, age_seconds=age)
            return score, entry.rowid

        ranked = sorted(self._store.entries(best.tolist()), key=rank, reverse=wanted.order.descending)
        first, last = wanted.window.first, min(wanted.window.last, wanted.window.first + self._most_rows - 1)
        return [entry.rowid for entry in ranked[first - 1 : last]]

    def _packed(self, rowids: Sequence[int]) -> list[bytes]:
        return list(write_blocks(self._records_of(rowids), self._largest_block))

    def _records_of(self, rowids: Sequence[int]) -> Iterator[tuple[bytes, Numbers]]:
        for entry in self._store.entries(rowids):
            if entry.status == EntryStatus.COMMITTED and (record := self._records.write(entry)) is not None:
                yield record, Numbers(entry.seeders, entry.leechers, entry.checked)
