"""``PUT /api/rss``."""

import tomllib

import pytest

from tests.plugins.rss.conftest import entries
from tests.plugins.rss.feed_server import rss, serve_feeds, show
from triblerd.testing import wait_for
from triblerd_metadata.api import MetadataStore

PATH = "/api/rss"


def error(answer):
    assert answer.json()["error"].keys() == {"handled", "message"}
    return answer.status, answer.json()["error"]["message"]


@pytest.fixture
async def feeds():
    async with serve_feeds() as server:
        yield server


async def test_the_feeds_are_stored_polled_at_once_and_remembered(start_daemon, feeds):
    url = feeds.put("/feed.xml", rss(show(1, size=734003200)))
    # As the web page of version 8 sends it: text that says nothing of its type.
    body = f'{{"urls": ["{url}"]}}'.encode()
    async with start_daemon("tribler8", "rss", "metadata", config={"libtorrent": {"dht": False}}) as daemon:
        answer = await daemon.request("PUT", PATH, data=body, headers={"Content-Type": "text/plain"})
        written = tomllib.loads((daemon.state_dir / "triblerd.conf").read_text())["rss"]["urls"]
        store = daemon.daemon.container.services().find(MetadataStore)
        (entry,) = await wait_for(lambda: store.by_infohash(b"\x01" * 20))
        await daemon.put(PATH, json={"urls": []})

        async def is_forgotten():
            return not await entries(daemon)

        await wait_for(is_forgotten)

    assert (answer.status, answer.json()) == (200, {"modified": True})
    assert written == [url]
    assert (entry.title, entry.size, entry.is_own) == ("Some.Show.S01E01.1080p", 734003200, True)


async def test_a_list_that_cannot_be_followed_is_refused(start_daemon):
    async with start_daemon("tribler8", "rss") as daemon:
        missing = await daemon.request("PUT", PATH, json={})
        bad = await daemon.request("PUT", PATH, json={"urls": ["https://a.example/", "ftp://b.example/"]})
        no_json = await daemon.request("PUT", PATH, data=b"urls=x")
        no_list = await daemon.request("PUT", PATH, json={"urls": "https://a.example/"})
        feeds = await daemon.get("/rss/feeds")

    assert error(missing) == (400, "urls parameter missing")
    assert error(bad) == (400, "'ftp://b.example/' is no http: or https: address")
    assert error(no_json) == (400, "Bad JSON")
    assert error(no_list) == (400, "urls: expected array, got str")
    assert feeds == {"feeds": []}


async def test_without_the_area_there_are_no_feeds(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.request("PUT", PATH, json={"urls": []})

    assert error(answer) == (404, "Required components not initialized to serve /api/rss")
