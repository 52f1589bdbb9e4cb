"""A daemon in a process of its own that can be told to receive gossip, and to search without HTTP."""

import asyncio
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import msgspec

from triblerd.daemon import Daemon
from triblerd.options import RunOptions
from triblerd_identity.api import Curve25519Key
from triblerd_metadata.api import (
    GATHERING_SECONDS,
    EntryType,
    Health,
    MetadataStore,
    NewEntry,
    Order,
    Selection,
    SortColumn,
    TextIndex,
    Window,
    WireRecords,
)
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.wire import pack_record, sign_entry
from triblerd_search.searching import Searcher

GOSSIP_RATE = 50
"""Records a second."""
MESSAGE_SIZE = 5
"""Records that come together, as in one packet."""

Search = tuple[str, bool]
"""A ``txt_filter``, and whether its matches are ordered by seeders, not ranked."""


def make_gossip(count: int) -> list[bytes]:
    """Return messages of records as peers send them, every other record signed."""
    key = Curve25519Key(b"LibNaCLSK:" + bytes(range(64)))
    torrents = make_torrents(count, seed=1)
    packed = [_packed(torrent, key if number % 2 else None) for number, torrent in enumerate(torrents)]
    return [b"".join(packed[at : at + MESSAGE_SIZE]) for at in range(0, count, MESSAGE_SIZE)]


def _packed(torrent: NewEntry, key: Curve25519Key | None) -> bytes:
    unknown = msgspec.structs.replace(torrent, seeders=0, leechers=0, checked=0)
    packed = pack_record(sign_entry(unknown, key) if key else unknown)
    if packed is None:
        msg = f"{torrent.title} is too long for a record"
        raise ValueError(msg)
    return packed


def run_inside(pipe: Connection, state_dir: Path, gossip: Sequence[bytes]) -> None:
    """Run a daemon, tell its port, and do what the pipe says until it says nothing more.

    ``("gossip", seconds)`` has records arrive for so long and answers with the CPU seconds of the process meanwhile;
    with 0 records, ``("idle", seconds)`` does the same. ``("searches", searches)`` does each twice and answers with the
    milliseconds until the first 50 rows are known, and of the other one until their entries are, too.
    ``("checks", count)`` makes so many torrents checked now.
    """
    asyncio.run(_run(pipe, state_dir, gossip))


async def _run(pipe: Connection, state_dir: Path, gossip: Sequence[bytes]) -> None:
    daemon = Daemon(RunOptions(state_dir=state_dir))
    await daemon.start()
    await daemon.wait_started()
    inside = _Inside(daemon, gossip)
    pipe.send(daemon.ports["http"])
    try:
        while command := await asyncio.to_thread(_received, pipe):
            name, argument = command
            pipe.send(await getattr(inside, name)(argument))
    finally:
        await daemon.stop()


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return None


class _Inside:
    """The daemon's own objects."""

    def __init__(self, daemon: Daemon, gossip: Sequence[bytes]) -> None:
        services = daemon.container.services()
        found = services.find(WireRecords), services.find(MetadataStore), services.find(TextIndex)
        self._records, self._store, self._searcher = cast("tuple[WireRecords, MetadataStore, Searcher]", found)
        self._gossip = iter(gossip)

    async def idle(self, seconds: float) -> float:
        began = time.process_time()
        await asyncio.sleep(seconds)
        return time.process_time() - began

    async def gossip(self, seconds: float) -> float:
        loop = asyncio.get_running_loop()
        began, next_at = time.process_time(), loop.time()
        async with asyncio.TaskGroup() as messages:  # no peer waits for another one
            for _ in range(int(seconds * GOSSIP_RATE / MESSAGE_SIZE)):
                messages.create_task(self._take(next(self._gossip)))
                next_at += MESSAGE_SIZE / GOSSIP_RATE
                await asyncio.sleep(max(next_at - loop.time(), 0))
        return time.process_time() - began

    async def _take(self, message: bytes) -> None:
        received = await self._records.read(message)
        entries = [record.entry for record in received if record.entry is not None]
        await self._store.add(entries, within=GATHERING_SECONDS)

    async def checks(self, count: int) -> float:
        """Report a check of so many torrents, spread over all; return the seconds that took."""
        began, now = time.perf_counter(), int(time.time())
        for row in range(1, self._store.last_rowid() + 1, max(self._store.last_rowid() // count, 1)):
            if (entry := self._store.entry(row)) is not None:
                health = Health(infohash=entry.infohash, seeders=entry.seeders + 1, checked=now - row % 3600)
                await self._store.report_health([health])
        return time.perf_counter() - began

    async def searches(self, searches: Sequence[Search]) -> list[tuple[float, float]]:
        times = []
        for text, by_seeders in searches:
            order = Order(SortColumn.HEALTH if by_seeders else None, descending=True)
            selection = Selection(types=frozenset({EntryType.TORRENT}), text=text)
            began = time.perf_counter()
            await self._searcher.page(selection, order, Window(1, 50))
            found = time.perf_counter()
            page = await self._searcher.page(selection, order, Window(1, 50))
            self._store.entries(page.rowids)
            times.append(((found - began) * 1e3, (time.perf_counter() - found) * 1e3))
        return times
