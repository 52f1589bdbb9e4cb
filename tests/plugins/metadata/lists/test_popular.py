"""``GET /metadata/torrents/popular`` on 100,000 torrents."""

import time

import pytest
from pyroaring import BitMap

from tests.plugins.catalog import CATALOG_SIZE, copy_catalog
from tests.plugins.metadata.lists import naive
from triblerd_metadata.api import Health, MetadataStore
from triblerd_metadata.selections import SORT_COLUMNS, Order, Selection, SortColumn, Window
from triblerd_metadata.testing import make_torrents

POPULAR = "/metadata/torrents/popular"
ALL = Window(1, 100)
CHECKED = 300
NARROWED = {
    "hide_xxx=1": Selection(hide_adult=True),
    "hide_xxx=true": Selection(hide_adult=True),
    "category=Video": Selection(category="Video"),
    "category=video": Selection(category="video"),
    "exclude_deleted=1": Selection(exclude_deleted=True),
    "metadata_type=torrent": Selection(types=frozenset({300})),
    "metadata_type=channel": Selection(types=frozenset({400, 220})),
    "channel_pk=00": Selection(channel_pk=b""),
    f"channel_pk={'ab' * 64}": Selection(channel_pk=b"\xab" * 64),
    "origin_id=0": Selection(origin_id=0),
    "origin_id=7": Selection(origin_id=7),
    "txt_filter=%221080p%22": Selection(text='"1080p"'),
    "txt_filter=%22x2%22*+OR+aac": Selection(text='"x2"* OR aac'),
    "txt_filter=*": Selection(text="*"),
    "max_rowid=20000": Selection(max_rowid=20_000),
    "include_total=1&remote=1&unknown=x": Selection(),
}


@pytest.fixture(scope="module")
def torrents():
    return make_torrents(CATALOG_SIZE)


@pytest.fixture
async def daemon(start_daemon, catalog_folder, tmp_path, torrents):
    state_dir = copy_catalog(catalog_folder, tmp_path / "state")
    async with start_daemon("metadata", "knowledge", "downloads", state_dir=state_dir) as running:
        now = int(time.time())
        reports = [
            Health(
                infohash=torrents[number * 331].infohash,
                seeders=200_000 + number // 3 if number % 50 else 0,
                leechers=number % 2 if number % 100 else 0,
                checked=now - number,
            )
            for number in range(CHECKED)
        ]
        await store(running).report_health(reports)
        yield running


def store(daemon):
    return daemon.daemon.container.services().find(MetadataStore)


def wanted(daemon, selection=Selection(), order=Order(SortColumn.HEALTH), window=ALL):  # noqa: B008 - frozen
    metadata = store(daemon)
    entries = metadata.entries(BitMap(range(1, metadata.last_rowid() + 1)))
    page = naive.page(
        entries,
        selection,
        order,
        window,
        now=time.time(),
    )
    return infohashes(metadata.entries(page.rowids))


async def entries(daemon):
    return [store(daemon).by_infohash(bytes.fromhex(one))[0] for one in await listed(daemon, "last=100")]


def infohashes(entries):
    return [entry.infohash.hex() for entry in entries]


async def listed(daemon, query=""):
    return [item["infohash"] for item in (await daemon.get(f"{POPULAR}?{query}"))["results"]]


async def test_the_best_hundred_are_listed_by_seeders_and_leechers(daemon):
    answer = await daemon.get(f"{POPULAR}?last=1000")

    found = [item["infohash"] for item in answer["results"]]
    assert found == wanted(daemon, Selection(popular=True))
    assert len(found) == 100
    assert {"first": answer["first"], "last": answer["last"]} == {"first": 1, "last": 1000}
    assert answer.keys() == {"results", "first", "last"}


async def test_a_page_has_fifty_torrents_with_their_statements(daemon):
    answer = await daemon.get(POPULAR)

    assert (answer["first"], answer["last"], len(answer["results"])) == (1, 50, 50)
    assert {item["type"] for item in answer["results"]} == {300}
    assert all(item["statements"] == [] and "progress" not in item for item in answer["results"])


async def test_parameters_narrow_the_list(daemon):
    everything = await entries(daemon)

    for query, selection in NARROWED.items():
        expected = naive.chosen(everything, selection, now=time.time())
        assert (query, await listed(daemon, f"last=100&{query}")) == (query, infohashes(expected))


async def test_the_list_is_sorted_by_any_column(daemon):
    everything = await entries(daemon)

    for name, column in SORT_COLUMNS.items():
        for descending in (True, False):
            query = f"sort_by={name}&sort_desc={int(descending)}"
            expected = naive.in_order(everything, Order(column, descending))[:20]
            assert (query, await listed(daemon, f"last=20&{query}")) == (query, infohashes(expected))


async def test_without_a_column_the_direction_counts_too(daemon):
    best_first = await listed(daemon, "last=100")

    assert await listed(daemon, "last=100&sort_desc=0") == best_first[::-1]
    assert await listed(daemon, "last=100&sort_desc=false&sort_by=nonsense") == best_first[::-1]


async def test_pages_follow_one_another(daemon):
    whole = await listed(daemon, "first=0&last=100")

    assert await listed(daemon, "first=1&last=30") == whole[:30]
    assert await listed(daemon, "first=31&last=60") == whole[30:60]
    assert await listed(daemon, "first=60&last=59") == []
    assert await listed(daemon, "first=101&last=150") == []


@pytest.mark.parametrize(
    "query",
    [
        "first=x",
        "first=-1",
        "last=-1",
        "last=",
        "sort_desc=maybe",
        "hide_xxx=maybe",
        "exclude_deleted=maybe",
        "metadata_type=231",
        "channel_pk=xyz",
        "origin_id=x",
        "max_rowid=q",
        "txt_filter=%22big",
        "txt_filter=AND",
    ],
)
async def test_a_bad_parameter_is_told(start_daemon, query):
    async with start_daemon("metadata") as daemon:
        answer = await daemon.get(f"{POPULAR}?{query}", status=400)

    assert answer == {"error": "Error processing request parameters"}


async def test_tags_narrow_the_list_and_are_shown(daemon):
    first, second, *_ = await listed(daemon)
    for infohash, tags in ((first, ("Linux", "live")), (second, ("linux",))):
        statements = [{"predicate": 101, "object": tag} for tag in tags]
        await daemon.patch(f"/knowledge/{infohash}", json={"statements": statements})

    [item] = (await daemon.get(f"{POPULAR}?tags=LINUX&tags=live"))["results"]

    assert item["infohash"] == first
    assert {said["object"] for said in item["statements"]} == {"Linux", "live"}
    assert await listed(daemon, "tags=linux") == [first, second]
    assert await listed(daemon, "tags=linux&tags=nothing") == []


async def test_what_is_downloaded_shows_its_progress(daemon):
    infohash = (await listed(daemon))[2]
    await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{infohash}"})

    items = (await daemon.get(POPULAR))["results"]

    assert [item["infohash"] for item in items if "progress" in item] == [infohash]
    assert [item["progress"] for item in items if "progress" in item] == [0.0]


async def test_a_torrent_that_is_checked_rises_and_one_that_dies_goes(daemon, torrents):
    best = (await listed(daemon))[0]
    now = int(time.time())
    risen = torrents[-1].infohash

    await store(daemon).report_health(
        [
            Health(infohash=risen, seeders=900_000, checked=now),
            Health(infohash=bytes.fromhex(best), checked=now, self_checked=True),
        ]
    )

    found = await listed(daemon, "last=100")
    assert found[0] == risen.hex()
    assert best not in found
    assert found == wanted(daemon, Selection(popular=True))


async def test_without_checks_nothing_is_popular(start_daemon):
    async with start_daemon("metadata") as daemon:
        assert await daemon.get(POPULAR) == {"results": [], "first": 1, "last": 50}
        assert await daemon.get(f"{POPULAR}?first=5&last=9") == {"results": [], "first": 5, "last": 9}
