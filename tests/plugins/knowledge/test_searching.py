"""How searches find torrents by tags, and what they show of statements: among a few torrents, and among 100,000."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.plugins.knowledge.conftest import open_knowledge
from tests.plugins.knowledge.people import PEERS, said
from triblerd_metadata.api import MetadataStore, NewEntry
from triblerd_metadata.testing import make_torrents

TORRENTS = 100_000
TAGGED = range(0, TORRENTS, 20)
BATCH = 10_000


@pytest.fixture
def infohashes(tmp_path):
    """Fill the store of the daemon, where every 20th torrent is ``common``, and every 500th ``Rare``, too."""
    folder = tmp_path / "state" / "store"
    folder.parent.mkdir()
    torrents = make_torrents(TORRENTS)
    infohashes = [torrent.infohash.hex() for torrent in torrents]

    def words():
        for number in TAGGED:
            yield said(PEERS[0], "common", infohash=infohashes[number])
            if number % 500 == 0:
                yield said(PEERS[0], "Rare", infohash=infohashes[number])

    async def fill():
        async with open_knowledge(folder) as (knowledge, metadata):
            for start in range(0, TORRENTS, BATCH):
                await metadata.add(torrents[start : start + BATCH])
            await knowledge.add(words())

    asyncio.run(fill())
    return infohashes


async def search(daemon, query):
    answer = await daemon.get(f"/search?include_total=1&{query}")
    torrents = [row for row in answer["results"] if row["type"] == 300]
    for snippet in (row for row in answer["results"] if row["type"] == 600):
        torrents += snippet["torrents_in_snippet"]
    return SimpleNamespace(total=answer["total"], torrents=torrents, infohashes={row["infohash"] for row in torrents})


async def test_torrents_are_found_by_tags_among_100000(daemon_process, infohashes):
    rare = {infohashes[number] for number in range(0, TORRENTS, 500)}
    first, other = infohashes[500], infohashes[1]

    async with daemon_process("knowledge", "search") as daemon:
        found = await search(daemon, "tags=RARE&last=1000")
        assert (found.total, found.infohashes) == (len(rare), rare)
        assert (await search(daemon, "tags=common")).total == len(TAGGED)
        assert (await search(daemon, "tags=Common&tags=rare")).total == len(rare)
        assert (await search(daemon, "tags=common&tags=unknown")).total == 0
        assert (await search(daemon, "tags=comm")).total == 0

        await daemon.patch(f"/knowledge/{other}", json={"statements": [{"predicate": 101, "object": "rare"}]})
        await daemon.patch(f"/knowledge/{first}", json={"statements": []})
        assert await daemon.get(f"/knowledge/{first}/tag_suggestions") == {"suggestions": []}

        daemon.kill()
        await daemon.start()
        found = await search(daemon, "tags=rare&last=1000&sort_by=name")
        assert found.infohashes == rare - {first} | {other}


def infohash_of(number):
    return f"{number:08x}" * 5


@pytest.fixture
async def daemon(start_daemon):
    """Run a daemon that knows ten films, the last one with most seeders."""
    async with start_daemon("knowledge", "search") as running:
        metadata = running.daemon.container.services().find(MetadataStore)
        await metadata.add(
            NewEntry(title=f"film {number}", infohash=bytes.fromhex(infohash_of(number)), seeders=number, checked=1)
            for number in range(10)
        )
        yield running


async def say(daemon, number, **claims):
    """Set what is said about a film: tags, and the work that it is."""
    statements = [{"predicate": 101, "object": tag} for tag in claims.get("tags", ())]
    statements += [{"predicate": 103, "object": work} for work in claims.get("works", ())]
    await daemon.patch(f"/knowledge/{infohash_of(number)}", json={"statements": statements})


async def test_a_torrent_shows_what_is_said_of_it(daemon):
    await say(daemon, 3, tags=["live"], works=["Film"])

    (torrent,) = (await daemon.get("/search?txt_filter=%22film%22%20%223%22&first=0"))["results"][0][
        "torrents_in_snippet"
    ]

    about = {"subject_type": 102, "subject": infohash_of(3)}
    assert torrent["statements"] == [
        about | {"predicate": 101, "object": "live"},
        about | {"predicate": 103, "object": "Film"},
    ]


@pytest.mark.parametrize("path", ["/search", "/metadata/search/local"])
async def test_tags_narrow_a_search(daemon, path):
    for number in (3, 4, 5):
        await say(daemon, number, tags=["live", "Concert"] if number == 4 else ["Live"])

    async def found(query):
        return [row["name"] for row in (await daemon.get(f"{path}?{query}"))["results"]]

    assert await found("tags=LIVE") == ["film 5", "film 4", "film 3"]
    assert await found("tags=live&tags=concert") == ["film 4"]
    assert await found("tags=live&txt_filter=%225%22") == ["film 5"]
    assert await found("tags=live&sort_by=health&sort_desc=0") == ["film 3", "film 4", "film 5"]
    assert await found("tags=nothing") == []


async def test_torrents_of_one_work_are_one_snippet(daemon):
    for number in range(2, 8):
        await say(daemon, number, works=["A work"])

    answer = await daemon.get("/search?include_total=1")
    snippet, *others = answer["results"]

    assert (snippet["type"], snippet["name"], snippet["infohash"], snippet["torrents"]) == (600, "A work", "A work", 6)
    assert [row["name"] for row in snippet["torrents_in_snippet"]] == ["film 7", "film 6", "film 5", "film 4"]
    assert [row["name"] for row in others] == ["film 9", "film 8", "film 1", "film 0"]
    assert answer["total"] == 10


async def test_words_for_adults_are_left_out_on_request(daemon):
    await say(daemon, 3, tags=["live", "porn"])

    async def tags(query):
        (row,) = (await daemon.get(f"/search?tags=live{query}"))["results"]
        return [statement["object"] for statement in row["statements"]]

    assert await tags("") == ["live", "porn"]
    assert await tags("&hide_xxx=1") == ["live"]


async def test_without_the_plugin_nothing_carries_a_tag(daemon):
    await say(daemon, 3, tags=["live"])

    await daemon.patch("/plugins/knowledge", json={"enabled": False})

    assert (await daemon.get("/search?tags=live"))["results"] == []
    assert all(row["statements"] == [] for row in (await daemon.get("/search"))["results"])


async def test_a_torrent_that_came_while_the_plugin_was_off_is_found(daemon):
    await say(daemon, 10, tags=["live"])
    await daemon.patch("/plugins/knowledge", json={"enabled": False})
    metadata = daemon.daemon.container.services().find(MetadataStore)
    await metadata.add([NewEntry(title="film 10", infohash=bytes.fromhex(infohash_of(10)))])

    await daemon.patch("/plugins/knowledge", json={"enabled": True})
    await say(daemon, 3, tags=["live"])

    assert [row["name"] for row in (await daemon.get("/search?tags=live"))["results"]] == ["film 10", "film 3"]
