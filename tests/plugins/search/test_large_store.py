"""Searches in a store of 100,000 torrents, through a daemon that may be killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.catalog import CATALOG_SIZE, copy_catalog
from tests.plugins.search.conftest import open_indexed
from tests.plugins.search.people import add, names, torrent
from triblerd.testing import RunningDaemon, StartDaemon, StartProcess, wait_for
from triblerd_metadata.api import parse
from triblerd_metadata.testing import make_torrents


@pytest.fixture(scope="session")
def indexed_catalog(catalog_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the catalog's store, with its index; copy it before you change anything."""
    folder = copy_catalog(catalog_folder, tmp_path_factory.mktemp("indexed")) / "store"

    async def index() -> None:
        async with open_indexed(folder) as indexed:
            await indexed.view.write(indexed.writer.check)
            await indexed.renew()

    asyncio.run(index())
    return folder


@pytest.fixture
async def daemon(start_daemon: StartDaemon, indexed_catalog: Path, tmp_path: Path) -> AsyncIterator[RunningDaemon]:
    async with start_daemon("search", state_dir=copy_catalog(indexed_catalog, tmp_path / "state")) as running:
        yield running


async def test_a_column_orders_all_matches_as_the_numbers_say(daemon):
    matching = [new for new in make_torrents(CATALOG_SIZE) if parse('"night"').matches(new.title)]

    params = {"txt_filter": '"night"', "sort_by": "health", "first": 101, "last": 600, "include_total": 1}
    answer = await daemon.get("/search", params=params)

    ordered = sorted(matching, key=lambda new: (new.seeders, new.leechers), reverse=True)[100:600]
    found = [(result["num_seeders"], result["num_leechers"]) for result in answer["results"]]
    assert found == [(new.seeders, new.leechers) for new in ordered]
    assert answer["total"] == len(matching)


async def test_a_phrase_of_common_words_does_not_hold_up_other_searches(daemon):
    phrase = '"web dl" OR "1080p bluray" OR "h 264"'  # each in thousands of titles, all of which are read
    slow = asyncio.create_task(daemon.get("/search", params={"txt_filter": phrase}))
    await asyncio.sleep(0.01)

    quick = await daemon.get("/search", params={"txt_filter": '"night"'})

    assert not slow.done()
    assert len(quick["results"]) == len((await slow)["results"]) == 50


async def test_pages_by_relevance_join_without_a_gap(daemon):
    async def page(first: int, last: int) -> list[int]:
        params = {"txt_filter": '"1080p"', "first": first, "last": last}
        return [result["id"] for result in (await daemon.get("/search", params=params))["results"]]

    whole = await page(1, 1000)
    parts = [await page(first, first + 99) for first in range(1, 1000, 100)]

    assert len(set(whole)) == 1000
    assert [id_ for part in parts for id_ in part] == whole


async def test_titles_that_have_the_words_side_by_side_come_first(daemon):
    found = await names(daemon, "love night", last=20)

    assert len(found) == 20
    assert all(parse('"love" "night"').matches(name) for name in found)
    assert all(parse('"love night"').matches(name) for name in found[:3])


async def test_completions_of_a_single_letter_are_words(daemon):
    answer = await daemon.get("/search/completions", params={"q": "t"})

    assert len(answer["completions"]) == 5
    assert all(text[0] == "t" and len(text) > 1 for text in answer["completions"])


async def test_an_index_that_cannot_be_read_is_made_anew_while_searches_go_on(
    daemon_process, indexed_catalog, tmp_path
):
    state_dir = copy_catalog(indexed_catalog, tmp_path / "state")
    async with open_indexed(state_dir / "store") as indexed:
        keys = list(indexed.posts.keys())
        for key in keys[:: len(keys) // 50]:
            await indexed.posts.put(key, b"rubbish, and more than seven rows of it")

    async with daemon_process("search", "state", state_dir=state_dir) as daemon:

        async def finds_all() -> bool:
            answer = await daemon.get("/search", params={"txt_filter": "-zzzzz", "include_total": 1})
            return bool(answer["total"] == CATALOG_SIZE)

        await wait_for(lambda: "indexed anew" in daemon.output, what="the warning")
        assert await names(daemon, "1080p OR 720p")
        await wait_for(lambda: "All titles are indexed" in daemon.output, 180, what="the index")
        assert await finds_all()


async def test_a_daemon_killed_while_it_indexes_goes_on_and_says_that_searches_miss_some(
    daemon_process: StartProcess, catalog_folder: Path, tmp_path: Path
):
    state_dir = copy_catalog(catalog_folder, tmp_path / "state")
    async with daemon_process("search", "state", state_dir=state_dir) as daemon:

        async def report() -> str:
            return str((await daemon.get("/state"))["plugins"]["search"]["report"])

        async def total() -> int:
            answer = await daemon.get("/search", params={"txt_filter": "-zzzzz", "include_total": 1})
            return int(answer["total"])

        assert "searches may miss some" in await report()
        for _ in range(3):
            before = await wait_for(total, 60, what="something to find")
            daemon.kill()
            await daemon.start()
            assert await total() >= before or "All titles are indexed" in daemon.output

        async def is_whole() -> bool:
            return await report() == "None"

        await wait_for(is_whole, 180, what="the whole index")
        assert await total() == CATALOG_SIZE
        assert await daemon.stop(by=signal.SIGTERM) == 0


async def test_titles_that_came_while_search_was_off_are_found_after_its_start(
    start_daemon: StartDaemon, tmp_path: Path
):
    async with start_daemon("search", state_dir=tmp_path / "state") as daemon:
        await add(daemon, torrent(1, "Big Buck Bunny"))
    async with start_daemon("metadata", state_dir=tmp_path / "state") as daemon:
        await add(daemon, torrent(2, "Big Sintel"))

    async with start_daemon("search", state_dir=tmp_path / "state") as daemon:

        async def found() -> bool:
            return sorted(await names(daemon, "big")) == ["Big Buck Bunny", "Big Sintel"]

        await wait_for(found)
