"""Makes the index anew in the background, piece by piece, while searches use what is there."""

import asyncio
import logging
import random
import time
from array import array

import numpy as np
from pyroaring import BitMap

from triblerd.plugin import hookimpl
from triblerd.store import StoreView
from triblerd_metadata.api import MetadataStore
from triblerd_search.index import IndexWriter, Renewal
from triblerd_search.postings import CHUNK_BITS, DamagedIndexError, Postings, PostingsReader, index_terms

log = logging.getLogger(__name__)

_SAMPLE = 200
"""Titles that are looked up at a start."""


class Renewer:
    """Watches over the index.

    Args:
        store: Where it is written.
        writer: Writes it.
        postings: The index.
        records: What is indexed.
    """

    def __init__(self, *, store: StoreView, writer: IndexWriter, postings: Postings, records: MetadataStore) -> None:
        self._store = store
        self._writer = writer
        self._postings = postings
        self._records = records
        self._is_damaged = False

    def note_damage(self) -> None:
        """Have the index made anew, since something in it could not be read."""
        self._is_damaged = True

    async def check(self) -> None:
        """Find out whether the index is one of the records as they are; have it made anew if it is not."""
        reason = await self._store.write(self._writer.check)
        if reason:
            log.warning("Titles are indexed anew in the background: %s", reason)
        elif self._renewal() is None:
            self._is_damaged = not await asyncio.to_thread(self._is_sound)

    async def renew(self) -> None:
        """Have the index made anew, from the next round on."""
        await self._store.write(self._writer.renew)

    async def round(self) -> None:
        """Make anew whatever has to be; half of the time the writer is left to others."""
        if self._renewal() is None:
            if not self._is_damaged:
                return
            log.warning("Titles are indexed anew in the background: the index is damaged")
            await self._store.write(self._writer.renew)
        has_more = True
        while has_more:
            began = time.monotonic()
            has_more = await self._store.write(self._writer.step)
            await asyncio.sleep(time.monotonic() - began)
        self._is_damaged = False  # what was found meanwhile was what had not been made anew yet
        log.info("All titles are indexed")

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str | None:
        """Say whether searches find everything."""
        renewal = self._renewal()
        if renewal is None:
            return None
        chunks = (self._records.last_rowid() >> CHUNK_BITS) + 1
        done = min(max(chunks - 1 - renewal.chunk, 0), chunks)
        return f"Titles are indexed anew, so searches may miss some: {done} of {chunks} parts done"

    def _renewal(self) -> Renewal | None:
        state = self._writer.state()
        return None if state is None else state.renewal

    def _is_sound(self) -> bool:
        """Compare the indexed rows with those that there are, and look some titles up."""
        with self._postings.reading() as reader:
            try:
                return self._has_all_rows(reader) and self._finds_sample(reader)
            except DamagedIndexError:
                return False

    def _has_all_rows(self, reader: PostingsReader) -> bool:
        chunks = range((self._records.last_rowid() >> CHUNK_BITS) + 1)
        indexed = BitMap.union(BitMap(), *(reader.all(chunk) for chunk in chunks))
        alive = np.flatnonzero(self._records.columns.alive).astype(np.uint32)
        present = BitMap(array("I", alive.tobytes()))  # eight times as quick as of numpy's
        titles = dict(self._records.titles(reader.transaction, indexed ^ present))
        # What differs was written a moment ago, or has no title.
        return all(bool(titles.get(rowid)) == (rowid in indexed) for rowid in indexed ^ present)

    def _finds_sample(self, reader: PostingsReader) -> bool:
        last_rowid = self._records.last_rowid()
        sample = random.sample(range(1, last_rowid + 1), min(_SAMPLE, last_rowid))
        return all(
            rowid in reader.rows(rowid >> CHUNK_BITS, term)
            for rowid, title in self._records.titles(reader.transaction, sample)
            for term in index_terms(title)
        )
