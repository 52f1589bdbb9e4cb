"""What of feeds comes into the metadata store, and how torrent files are looked up."""

import pytest

from tests.plugins.rss.conftest import entries, follow, poll
from tests.plugins.rss.feed_server import infohash, item, rss, show
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent
from triblerd_metadata.api import MetadataStore

FILE = "/{}.torrent"


@pytest.fixture
def films(tmp_path, feeds):
    """Serve torrent files of five films, the last of them private."""
    made = [make_torrent(tmp_path, b"x" * (1000 + n), name=f"film{n}", private=n == 4) for n in range(5)]
    for number, torrent in enumerate(made):
        feeds.put(FILE.format(number), torrent.metainfo)
    return made


def stored(daemon):
    """Return the titles and sizes of all torrents that are remembered, by infohash."""
    store = daemon.daemon.container.services().find(MetadataStore)
    return {entry.infohash.hex(): (entry.title, entry.size) for entry in store.walk()}


async def states(daemon):
    return {title: entry["look_up"] for title, entry in (await entries(daemon)).items()}


async def test_torrents_are_remembered_with_what_the_feed_says(start_rss, feeds):
    date = "<item><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>"
    url = feeds.put("/feed.xml", rss(show(1, size=5_000_000).replace("<item>", date), show(2)))
    async with start_rss("metadata") as daemon:
        await follow(daemon, url)
        await wait_for(lambda: len(stored(daemon)) == 2)
        (entry,) = daemon.daemon.container.services().find(MetadataStore).by_infohash(b"\x01" * 20)
        found = stored(daemon)

    assert found == {infohash(1): ("Some.Show.S01E01.1080p", 5_000_000), infohash(2): ("Some.Show.S01E02.1080p", 0)}
    assert (entry.torrent_date, entry.is_own) == (1704103200, True)


async def test_torrent_files_are_fetched_a_few_at_a_poll_and_each_once(start_rss, feeds, films):
    url = feeds.put("/feed.xml", rss(*(item(f"t{number}", feeds.url + FILE.format(number)) for number in range(5))))
    async with start_rss("metadata", lookups=2) as daemon:
        await daemon.put("/rss/feeds", json={"urls": [url]})

        async def looked_up():
            return [title for title, state in (await states(daemon)).items() if state == "done"]

        async def first_ones():
            return sorted(await looked_up()) == ["t0", "t1"]

        await wait_for(first_ones)

        async def all_of_them():
            await poll(daemon, url)
            return len(await looked_up()) == 5

        await wait_for(all_of_them)
        await poll(daemon, url)
        found, seen = stored(daemon), await entries(daemon)

    assert found == {film.infohash: (f"film{number}", 1000 + number) for number, film in enumerate(films[:4])}
    assert (seen["t4"]["infohash"], seen["t4"]["size"]) == (films[4].infohash, 1004)
    assert [len(feeds.asked[FILE.format(number)]) for number in range(5)] == [1] * 5


async def test_what_cannot_be_looked_up_says_why_and_is_not_asked_for_again(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(item("gone", f"{feeds.url}/gone.torrent"), item("page", f"{feeds.url}/page")))
    async with start_rss() as daemon:
        await follow(daemon, url)

        async def has_failed():
            return await states(daemon) == {"gone": "failed", "page": "none"}

        await wait_for(has_failed)
        await poll(daemon, url)
        found = await entries(daemon)

    assert found["gone"]["error"] == "The server answered with HTTP status code 404"
    assert len(feeds.asked["/gone.torrent"]) == 1
    assert "/page" not in feeds.asked


async def test_with_hops_torrent_files_are_not_fetched_without(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(item("film", feeds.put("/film.torrent", b""))))
    async with start_rss(hops=1) as daemon:
        await follow(daemon, url)

        async def has_failed():
            return (await entries(daemon))["film"]["error"]

        error = await wait_for(has_failed)

    assert "tunnels" in error
    assert "/film.torrent" not in feeds.asked


async def test_the_metadata_store_may_come_later(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1)))
    async with start_rss() as daemon:
        await follow(daemon, url)
    async with start_rss("metadata") as daemon:
        await wait_for(lambda: infohash(1) in stored(daemon))


async def test_nothing_is_remembered_if_that_is_not_wanted(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1)))
    async with start_rss("metadata", remember=False) as daemon:
        await follow(daemon, url)
        await poll(daemon, url)
        found = stored(daemon)

    assert found == {}
