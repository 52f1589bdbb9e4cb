from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import start_downloads
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent, seeder

__all__ = ["seeder", "start_downloads"]

UPLOADED = {"Content-Type": "applications/x-bittorrent"}
GONE = "ab" * 20


@pytest.fixture
def start(start_downloads):
    """Run a daemon with the dialect, whose downloads are plain by default; further settings by section."""

    @asynccontextmanager
    async def run(*plugins, **config):
        defaults = {"anonymity_enabled": False, **config.pop("download_defaults", {})}
        async with start_downloads("tribler8", *plugins, download_defaults=defaults, **config) as daemon:
            yield daemon

    return run


@pytest.fixture
def album(tmp_path):
    """Offer a torrent of two files that nobody seeds."""
    return make_torrent(tmp_path, {"a.mkv": b"a" * 20_000, "b.bin": b"b" * 20_000}, name="album")


async def put_file(daemon, torrent, **options):
    """Upload a torrent file; return its infohash."""
    answer = await daemon.put("/api/downloads", data=torrent.metainfo, params=options, headers=UPLOADED)
    assert answer == {"started": True, "infohash": torrent.infohash}
    return torrent.infohash


async def listed(daemon, infohash, /, **parts):
    """Return what the list says of a download, ``None`` when it is not there."""
    items = (await daemon.get("/api/downloads", **parts))["downloads"]
    return next((item for item in items if item["infohash"] == infohash), None)


async def wait_for_state(daemon, infohash, *names, limit_seconds=15):
    """Wait until a download is in one of these states; return its item."""

    async def reached():
        item = await listed(daemon, infohash)
        return item if item and item["status"] in names else None

    return await wait_for(reached, limit_seconds, what=f"{infohash} to be {names}")


def error_of(answer):
    """Return the status and the text of an error in the form of version 8."""
    error = answer.json()["error"]
    assert error.keys() == {"handled", "message"}
    assert error["handled"] is True
    return answer.status, error["message"]
