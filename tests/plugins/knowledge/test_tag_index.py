"""The index by tags: rows and tags may come and go in any order."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.knowledge.conftest import open_knowledge
from tests.plugins.knowledge.people import DEBIAN, SINTEL
from triblerd_knowledge.api import Claim, Predicate
from triblerd_metadata.values import EntryType, NewEntry

THIRD = "ffffffffffffffff" + "0" * 24  # begins like ``SINTEL``
TAGS = ["live", "LIVE", "film"]
KEYS = [b"", b"a" * 64, b"b" * 64]

subjects = st.sampled_from([DEBIAN, SINTEL, THIRD])
rows = st.tuples(st.just("add"), subjects, st.sampled_from(KEYS))
tags = st.tuples(st.just("tag"), subjects, st.sets(st.sampled_from(TAGS)))
deletions = st.tuples(st.just("delete"), st.integers(1, 6))
moves = st.tuples(st.just("move"), st.integers(1, 6), subjects)
steps = st.one_of(rows, tags, deletions, moves)


def claims(texts):
    return [Claim(Predicate.TAG, text) for text in texts]


async def do(knowledge, metadata, step):
    match step:
        case "add", infohash, key:
            await metadata.add([NewEntry(title="film", infohash=bytes.fromhex(infohash), public_key=key)])
        case "tag", infohash, texts:
            await knowledge.replace(infohash, claims(texts))
        case "delete", rowid:
            if entry := metadata.entry(rowid):
                await metadata.run(lambda batch: batch.delete(entry))
        case "move", rowid, infohash:
            if (entry := metadata.entry(rowid)) and entry.public_key:
                moved = NewEntry(
                    title="film",
                    infohash=bytes.fromhex(infohash),
                    public_key=entry.public_key,
                    id=entry.id,
                    timestamp=entry.timestamp + 1,
                )
                await metadata.add([moved])


def carrying(knowledge, metadata, asked):
    """Return the rows that carry tags, by looking at each row."""
    wanted = {tag.casefold() for tag in asked}
    return {
        entry.rowid
        for entry in metadata.walk()
        if wanted <= {one.object.casefold() for one in knowledge.shown(entry.infohash.hex())}
    }


def assert_right(knowledge, metadata):
    for asked in (["live"], ["Film"], ["LIVE", "film"], ["other"], ["live", "other"]):
        assert set(knowledge.tagged(asked)) == carrying(knowledge, metadata, asked)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(steps, max_size=8), min_size=1, max_size=3))
def test_the_rows_of_tags_are_those_that_a_look_at_each_row_finds(tmp_path_factory, lives):
    folder = tmp_path_factory.mktemp("index") / "store"

    async def live(life, *, is_on):
        async with open_knowledge(folder, is_on=is_on) as (knowledge, metadata):
            for step in life:
                await do(knowledge, metadata, step)
            assert_right(knowledge, metadata)  # one by one, when nobody followed
            assert knowledge._tables.tags.is_whole or not is_on

    for number, life in enumerate(lives):
        asyncio.run(live(life, is_on=number != 1))
    asyncio.run(live([], is_on=True))


async def test_torrents_that_came_while_the_plugin_was_off_are_found(tmp_path):
    torrents = [NewEntry(title=f"film {number}", infohash=number.to_bytes(4) * 5) for number in range(1, 3001)]
    async with open_knowledge(tmp_path / "store") as (knowledge, _):
        sets = ((number, ["live"] if number % 2 else ["film"]) for number in range(1, 3001))
        await asyncio.gather(*(knowledge.replace(f"{number:08x}" * 5, claims(tags)) for number, tags in sets))
    async with open_knowledge(tmp_path / "store", is_on=False) as (knowledge, metadata):
        await metadata.add(torrents)
        meanwhile = set(knowledge.tagged(["live"]))
    async with open_knowledge(tmp_path / "store") as (knowledge, metadata):
        assert knowledge._tables.tags.is_whole
        found = set(knowledge.tagged(["live"]))

    assert meanwhile == found == set(range(1, 3001, 2))


async def test_rows_are_found_beyond_the_first_chunk(tmp_path):
    async with open_knowledge(tmp_path / "store") as (knowledge, metadata):
        torrents = [NewEntry(title="film", infohash=number.to_bytes(4) * 5) for number in range(1, 70_001)]
        await metadata.add(torrents)
        for number in (1, 65_535, 65_536, 70_000):
            await knowledge.replace(f"{number:08x}" * 5, claims(["live"]))

        assert list(knowledge.tagged(["live"])) == [1, 65_535, 65_536, 70_000]


async def test_a_channel_carries_the_tags_of_its_infohash(tmp_path):
    async with open_knowledge(tmp_path / "store") as (knowledge, metadata):
        channel = NewEntry(type=EntryType.CHANNEL, title="mine", infohash=bytes.fromhex(DEBIAN), public_key=b"a" * 64)
        await metadata.add([channel])

        await knowledge.replace(DEBIAN, claims(["live"]))

        assert_right(knowledge, metadata)
