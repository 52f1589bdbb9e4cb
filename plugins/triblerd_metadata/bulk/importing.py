"""Takes entries over by the thousand, and remembers how far it came with each source."""

import asyncio
import hashlib
import time
from collections import Counter

import msgspec

from triblerd.memory import give_back
from triblerd.plugin import Services
from triblerd.store import StoreView, Table, Transaction
from triblerd_libtorrent.api import MetainfoError, TorrentEngine
from triblerd_metadata.bulk.reading import SMALL, LinesReader, ReadLines
from triblerd_metadata.bulk.schemas import Imported, Position, Refusal
from triblerd_metadata.bulk.torrents import entry_of_metainfo
from triblerd_metadata.cleaning import UnfitError
from triblerd_metadata.preparing import prepare
from triblerd_metadata.store import Metadata
from triblerd_metadata.values import NewEntry

_MOST_POSITIONS = 100
"""Sources whose import was interrupted; of more the oldest is forgotten, and begins anew."""
_LONGEST_KEY = 200
"""Bytes of a source that are a key as they are."""


class Reached(msgspec.Struct, frozen=True, array_like=True):
    """How far the import of a source came: two numbers of its own choice, and the Unix time."""

    position: int
    number: int
    at: float


class Importer:
    """Stores batches of lines.

    Args:
        store: Where the entries go.
        reader: Reads the lines.
        reached: How far each source came, by its name.
        view: Writes into ``reached``.
        services: Has the engine, which reads torrent files.
    """

    def __init__(
        self, *, store: Metadata, reader: LinesReader, reached: Table[Reached], view: StoreView, services: Services
    ) -> None:
        self._store = store
        self._reader = reader
        self._reached = reached
        self._view = view
        self._services = services
        # One of each at a time, which bounds the memory, and in the order in which they came.
        self._reading, self._storing = asyncio.Lock(), asyncio.Lock()
        self._ahead: dict[tuple[str, int], Position] = {}

    def position(self, source: str) -> Position:
        """Return how far the import of a source came; the beginning when nothing is known of it."""
        reached = self._reached.get(_key(source)) if source else None
        return Position(position=reached.position, number=reached.number) if reached else Position()

    async def take(
        self, body: bytes, *, source: str = "", begin: int | None = None, reached: Position, is_last: bool = True
    ) -> Imported:
        """Store what stands in the lines; on disk when this returns.

        Args:
            body: Lines.
            source: What they are of; empty: nothing is remembered.
            begin: Where in the source they begin; ``None``: they follow what is stored.
            reached: How far the source is read with these lines.
            is_last: The source ends here: it is forgotten.
        """
        imported = await self._take(body, source=source, begin=begin, reached=None if is_last else reached)
        if len(body) > SMALL:
            await asyncio.to_thread(give_back)
        return imported

    async def _take(self, body: bytes, *, source: str, begin: int | None, reached: Position | None) -> Imported:
        async with self._reading:
            batch = await self._reader.read(body)
            await self._read_torrents(batch)
        async with self._storing:
            added = await self._store.add_prepared(batch.entries, batch.words)
            outcomes = Counter(each.outcome for each in added)
            refusals = batch.refusals + [
                Refusal(line=line, reason=each.reason)
                for line, each in zip(batch.lines, added, strict=True)
                if each.outcome == "refused"
            ]
            if source:
                if reached is None:
                    self._ahead = {at: further for at, further in self._ahead.items() if at[0] != source}
                await self._remember(source, reached and self._without_gap(source, begin, reached))
        return Imported(
            added=outcomes["added"],
            replaced=outcomes["replaced"],
            kept=outcomes["kept"],
            refused=sorted(refusals, key=lambda refusal: refusal.line),
        )

    async def _read_torrents(self, batch: ReadLines) -> None:
        now = int(time.time())
        for line, raw in batch.torrents:
            try:
                batch.entries.append(prepare(await self._entry_of(raw), now))
                batch.lines.append(line)
            except (MetainfoError, UnfitError) as error:
                batch.refusals.append(Refusal(line=line, reason=str(error)))

    async def _entry_of(self, raw: bytes) -> NewEntry:
        engine = self._services.find(TorrentEngine)
        if engine is None:
            msg = "torrent files are read by the plugin libtorrent, which does not run"
            raise UnfitError(msg)
        metainfo = await engine.parse_metainfo(raw)
        if metainfo.is_private:
            msg = "it is private"
            raise UnfitError(msg)
        return entry_of_metainfo(metainfo)

    def _without_gap(self, source: str, begin: int | None, reached: Position) -> Position:
        """Return up to where all of a source is stored, with a further piece of it."""
        if begin is None:
            return reached
        self._ahead[source, begin] = reached
        while len(self._ahead) > _MOST_POSITIONS:
            del self._ahead[next(iter(self._ahead))]
        stored = self.position(source)
        while following := self._ahead.pop((source, stored.position), None):
            stored = following
        return stored

    async def _remember(self, source: str, reached: Position | None) -> None:
        key = _key(source)

        def write(transaction: Transaction) -> None:
            if reached is None:
                transaction.delete(self._reached, key)
                return
            transaction.put(self._reached, key, Reached(reached.position, reached.number, time.time()))
            known = sorted(transaction.items(self._reached), key=lambda item: item[1].at)
            for old, _ in known[:-_MOST_POSITIONS]:
                transaction.delete(self._reached, old)

        await self._view.write(write)


def _key(source: str) -> bytes:
    """Return a key of its own for each source; the store takes no long ones."""
    name = source.encode()
    return name if len(name) <= _LONGEST_KEY else name[:_LONGEST_KEY] + hashlib.sha256(name).digest()
