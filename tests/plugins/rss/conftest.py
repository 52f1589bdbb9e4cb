from contextlib import asynccontextmanager

import pytest

from tests.plugins.rss.feed_server import serve_feeds
from triblerd_rss.addresses import key_of


@pytest.fixture
async def feeds():
    """Run a server of feeds."""
    async with serve_feeds() as server:
        yield server


@pytest.fixture
def settings(tmp_path):
    """Return settings of a daemon that asks nobody."""
    return {
        "download_defaults": {"number_hops": 0, "saveas": str(tmp_path / "saved")},
        "libtorrent": {"dht": False},
    }


@pytest.fixture
def start_rss(start_daemon, settings):
    """Run a daemon with this area; further plugins, and settings of ``[rss]``."""

    @asynccontextmanager
    async def start(*plugins, **rss):
        async with start_daemon("rss", *plugins, config={**settings, "rss": rss}) as daemon:
            yield daemon

    return start


async def poll(daemon, url):
    """Poll a feed and return how it is."""
    return await daemon.post(f"/rss/feeds/{key_of(url).hex()}/poll")


async def follow(daemon, *urls):
    """Follow feeds, each of which was polled when this returns."""
    await daemon.put("/rss/feeds", json={"urls": list(urls)})
    for url in urls:
        await poll(daemon, url)


async def entries(daemon, **query):
    """Return the entries that were seen, by title."""
    answer = await daemon.get("/rss/entries", params={"last": 1000, **query})
    return {entry["title"]: entry for entry in answer["entries"]}


async def takes(daemon, rule):
    """Return what became of the entries that a rule took, by title."""
    found = await entries(daemon, rule=rule)
    return {title: take["state"] for title, entry in found.items() for take in entry["takes"] if take["rule"] == rule}


async def downloads(daemon):
    """Return all downloads by infohash."""
    return {download["infohash"]: download for download in (await daemon.get("/downloads"))["downloads"]}
