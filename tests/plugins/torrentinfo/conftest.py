import json
from contextlib import asynccontextmanager

import pytest

from tests.daemon.swarm import start_swarm
from triblerd_libtorrent.testing import seeder

__all__ = ["seeder"]


@pytest.fixture
async def swarm(tmp_path):
    """Offer a seeder with a tracker and a web server."""
    folder = tmp_path / "swarm"
    folder.mkdir()
    async with start_swarm(folder) as swarm:
        yield swarm


@pytest.fixture
def start_info(start_daemon, tmp_path):
    """Run a daemon with this area and downloads; further settings by section."""

    @asynccontextmanager
    async def start(*plugins, without_downloads=False, **config):
        defaults = {"saveas": str(tmp_path / "saved"), **config.pop("download_defaults", {})}
        if not without_downloads:
            plugins = ("downloads", *plugins)
            config["download_defaults"] = defaults
        async with start_daemon("torrentinfo", *plugins, config=config) as daemon:
            yield daemon

    return start


async def info_of(daemon, uri, **query):
    """Return the whole answer for a URI, its ``metainfo`` decoded."""
    return decoded(await daemon.get("/torrentinfo", params={"uri": uri, **query}))


async def refusal(daemon, status, **query):
    """Return the text of a refusal, which has the plain form."""
    answer = await daemon.call("GET", "/torrentinfo", params=query, status=status)
    assert list(answer) == ["error"]
    assert isinstance(answer["error"], str)
    return answer["error"]


def decoded(answer):
    return {**answer, "metainfo": json.loads(bytes.fromhex(answer["metainfo"]).decode())}
