"""kill -9 while torrents are imported and gossip comes: nothing confirmed is lost, and the index fits the records."""

import asyncio
import json
import random
import shutil
from collections import defaultdict
from itertools import islice

import aiohttp
import msgspec
import pytest
from pyroaring import BitMap

from tests.plugins.metadata.records import KEY_A
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_metadata.api import Entry, words
from triblerd_metadata.bulk.lines import encode_entries
from triblerd_metadata.store import Metadata
from triblerd_metadata.testing import iter_torrents
from triblerd_metadata.wire import sign_entry
from triblerd_search.index import IndexState, IndexWriter
from triblerd_search.postings import _VERSIONS, Postings, _key, _unpacked, index_terms

LARGEST_BATCH = 600
LOOKED_FOR = 10


class Learner:
    """Imports torrents and passes gossip on until the daemon is gone, and knows what was confirmed."""

    def __init__(self, daemon, chance):
        self.daemon = daemon
        self.chance = chance
        self.imported = iter_torrents()
        self.gossiped = iter_torrents(seed=1)
        self.signed = {}
        self.confirmed = {}
        self.unanswered = {}

    async def run(self):
        await asyncio.gather(self.go_on(self.import_some), self.go_on(self.gossip))

    async def go_on(self, step):
        try:
            while True:
                await step()
        except aiohttp.ClientError:
            return

    async def import_some(self):
        await self.send(list(islice(self.imported, self.chance.randint(1, LARGEST_BATCH))))

    async def gossip(self):
        """Send a few records of an author, some of them newer ones of torrents that are known."""
        entries = list(islice(self.gossiped, 3))
        if self.signed:
            old = self.chance.choice(list(self.signed.values()))
            entries.append(msgspec.structs.replace(old, title=entries[0].title, timestamp=old.timestamp + 1))
        signed = [sign_entry(entry, KEY_A) for entry in entries]
        await self.send(signed)
        self.signed |= {entry.infohash: entry for entry in signed}
        await asyncio.sleep(0.02)

    async def send(self, entries):
        titles = {entry.infohash.hex(): entry.title for entry in entries}
        self.unanswered |= titles
        lines = encode_entries(Entry(**msgspec.structs.asdict(entry), rowid=1) for entry in entries)
        answer = await self.daemon.post("/metadata/import", data=lines)
        assert answer["refused"] == []
        self.confirmed |= titles
        for infohash in titles:
            del self.unanswered[infohash]

    async def check(self):
        lines = (await self.daemon.request("GET", "/metadata/export")).body.splitlines()
        stored = {line["infohash"]: line["name"] for line in map(json.loads, lines)}
        for infohash, title in self.confirmed.items():
            assert stored[infohash] in (title, self.unanswered.get(infohash))
        for infohash in self.chance.sample(sorted(stored), min(LOOKED_FOR, len(stored))):
            assert infohash in await self.found(stored[infohash])
        self.confirmed |= {infohash: stored[infohash] for infohash in self.unanswered if infohash in stored}
        self.unanswered.clear()

    async def found(self, title):
        query = {"txt_filter": " ".join(f'"{word}"' for word in words(title)), "last": 1000}
        page = await self.daemon.get("/search", params=query)
        return {result["infohash"] for result in page["results"]}


async def kill_again_and_again(daemon_process, tmp_path, *, kills, seed):
    chance = random.Random(seed)
    async with daemon_process("metadata", "search") as daemon:
        learner = Learner(daemon, chance)
        for _ in range(kills):
            before = len(learner.confirmed)
            work = asyncio.create_task(learner.run())
            await wait_for(lambda: len(learner.confirmed) > before, what="something new")  # noqa: B023 - called at once
            await asyncio.sleep(chance.uniform(0, 0.8))
            daemon.kill()
            await work
            await check_index(daemon.state_dir / "store", tmp_path / "copy")
            await daemon.start()
            await learner.check()

    assert "Traceback" not in daemon.output


async def check_index(folder, copy):
    """Check that the index is exactly that of the records, in a copy: the daemon shall find what it left."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    async with Store(copy, StoreConfig()) as store:
        metadata = await Metadata.open(store.view("metadata"))
        search = store.view("search")
        table = await search.table("post", bytes)
        state = await search.table("state", IndexState)
        wanted = defaultdict(set)
        for entry in metadata.walk():
            for term in index_terms(entry.title):
                wanted[_key(entry.rowid >> 16, term)].add(entry.rowid)
        stored = ((key, value) for key, value in table.items() if key != _VERSIONS)
        kept = {key: set(_unpacked(value, int.from_bytes(key[:2]) << 16, BitMap)) for key, value in stored}
        writer = IndexWriter(postings=Postings(search, table), table=state, records=metadata)
        reason = await search.write(writer.check)
        await metadata.close()
    assert kept == wanted
    assert reason == ""


async def test_kill_9_while_torrents_come_loses_nothing(daemon_process, tmp_path):
    await kill_again_and_again(daemon_process, tmp_path, kills=4, seed=1)


@pytest.mark.soak
async def test_fifty_kills_while_torrents_come_lose_nothing(daemon_process, tmp_path):
    await kill_again_and_again(daemon_process, tmp_path, kills=50, seed=2)
