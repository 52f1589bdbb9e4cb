"""What was confirmed is there after a kill."""

import asyncio

import aiohttp

from tests.plugins.knowledge.people import ME
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.tables import Tables

SET = {"statements": [{"predicate": 101, "object": "Live"}, {"predicate": 8, "object": "Dutch"}]}


async def test_what_was_confirmed_outlives_a_kill(daemon_process):
    confirmed: set[str] = set()

    async def tag(numbers):
        for number in numbers:
            infohash = f"{number:040x}"
            await daemon.patch(f"/knowledge/{infohash}", json=SET)
            confirmed.add(infohash)

    async with daemon_process("knowledge") as daemon:
        tasks = [asyncio.create_task(tag(range(part, 100_000, 4))) for part in range(4)]
        await wait_for(lambda: len(confirmed) > 100)
        daemon.kill()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await daemon.start()
        await daemon.patch(f"/knowledge/{'f' * 40}", json=SET)
        await daemon.stop()
    knowledge_of, tagged = await what_is_stored(daemon.state_dir)

    assert all(isinstance(end, aiohttp.ClientError) for end in ends)
    assert confirmed | {"f" * 40} <= tagged
    assert all(knowledge_of[infohash] == [(8, "Dutch"), (101, "Live")] for infohash in tagged)


async def what_is_stored(state_dir):
    """Return the statements of each torrent that a stopped daemon has tagged, and these torrents."""
    async with Store(state_dir / "store", StoreConfig()) as store:
        view = store.view("knowledge")
        knowledge = KnowledgeBase(store=view, tables=await Tables.open(view), key=ME)
        tagged = knowledge.tagged(["live"])
        shown = {infohash: knowledge.shown(infohash) for infohash in tagged}
    return {infohash: [(one.predicate, one.object) for one in shown[infohash]] for infohash in shown}, tagged
