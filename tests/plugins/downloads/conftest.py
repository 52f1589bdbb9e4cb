from contextlib import asynccontextmanager

import pytest

from tests.daemon.conftest import mount_disk
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine, TorrentSwarm
from triblerd_libtorrent.testing import seeder

__all__ = ["mount_disk", "seeder"]

TORRENT_TYPE = {"Content-Type": "application/x-bittorrent"}


@pytest.fixture
def start_downloads(start_daemon, tmp_path):
    """Run a daemon that saves into ``saved``; further settings by section."""

    @asynccontextmanager
    async def start(*plugins, **config):
        defaults = {"saveas": str(tmp_path / "saved"), **config.pop("download_defaults", {})}
        async with start_daemon("downloads", *plugins, config={"download_defaults": defaults, **config}) as daemon:
            yield daemon

    return start


def service(daemon, kind):
    """Return a service of a running daemon."""
    return daemon.daemon.container.services().find(kind)


async def upload(daemon, torrent, **params):
    """Add a made torrent by its file; return its infohash."""
    answer = await daemon.put("/downloads", data=torrent.metainfo, params=params, headers=TORRENT_TYPE)
    assert (answer["started"], answer["infohash"]) == (True, torrent.infohash)
    return torrent.infohash


async def item_of(daemon, infohash, /, **params):
    """Return the row of one download, ``None`` when it is not listed."""
    listed = await daemon.get("/downloads", params=params)
    return next((item for item in listed["downloads"] if item["infohash"] == infohash), None)


async def wait_for_status(daemon, infohash, *statuses, limit_seconds=15):
    """Wait until a download is in one of these states; return its row."""

    async def reached():
        item = await item_of(daemon, infohash)
        return item if item and item["status"] in statuses else None

    return await wait_for(reached, limit_seconds, what=f"{infohash} to be {statuses}")


async def connect(daemon, seeder, torrent):
    """Tell the engine of the seeder, whom a torrent file does not name."""
    engine = service(daemon, TorrentEngine)
    await wait_for(lambda: engine.has(torrent.infohash), what="the engine to have the torrent")
    service(daemon, TorrentSwarm).connect_peer(torrent.infohash, seeder.host, seeder.port)
