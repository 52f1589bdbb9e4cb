"""What was confirmed is there after a kill, and the index by tags agrees."""

import asyncio

import aiohttp

from tests.plugins.knowledge.conftest import open_knowledge
from triblerd.testing import wait_for
from triblerd_metadata.values import NewEntry

SET = {"statements": [{"predicate": 101, "object": "Live"}, {"predicate": 8, "object": "Dutch"}]}
TORRENTS = 2000
LAST = f"{TORRENTS - 1:08x}" * 5


async def test_what_was_confirmed_outlives_a_kill(daemon_process):
    confirmed: set[str] = set()

    async def tag(numbers):
        for number in numbers:
            infohash = f"{number:08x}" * 5
            await daemon.patch(f"/knowledge/{infohash}", json=SET)
            confirmed.add(infohash)

    async with daemon_process("knowledge") as daemon:
        await daemon.stop()
        async with open_knowledge(daemon.state_dir / "store") as (_, metadata):
            await metadata.add(NewEntry(title="x", infohash=number.to_bytes(4) * 5) for number in range(TORRENTS))
        await daemon.start()
        tasks = [asyncio.create_task(tag(range(part, TORRENTS, 4))) for part in range(4)]
        await wait_for(lambda: len(confirmed) > 100)
        daemon.kill()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await daemon.start()
        await daemon.patch(f"/knowledge/{LAST}", json=SET)
        await daemon.stop()
    tagged = await tagged_torrents(daemon.state_dir / "store")

    assert all(isinstance(end, aiohttp.ClientError) for end in ends)
    assert confirmed | {LAST} <= tagged.keys()
    assert set(tagged.values()) == {((8, "Dutch"), (101, "Live"))}


async def tagged_torrents(folder):
    """Return what is shown of every torrent of which something is; the index has to find just these."""
    async with open_knowledge(folder, is_on=False) as (knowledge, metadata):
        entries = {entry.rowid: entry.infohash.hex() for entry in metadata.walk()}
        shown = {infohash: knowledge.shown(infohash) for infohash in entries.values()}
        assert knowledge._tables.tags.is_whole
        assert {entries[rowid] for rowid in knowledge.tagged(["live"])} == {one for one in shown if shown[one]}
    return {text: tuple((one.predicate, one.object) for one in said) for text, said in shown.items() if said}
