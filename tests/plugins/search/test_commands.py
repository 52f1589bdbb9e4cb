"""``triblerd search`` beside a running daemon."""

import asyncio
import json
import subprocess
import sys

import pytest

from tests.plugins.search.people import add, torrent
from triblerd.testing import wait_for


@pytest.fixture
def triblerd(tmp_path):
    """Run ``triblerd search`` while the event loop goes on, and return what it printed."""

    async def run(*arguments, code=0):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "triblerd", "--state-dir", str(tmp_path / "state"), "search", *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


async def test_torrents_are_found_in_the_terminal(start_daemon, triblerd):
    async with start_daemon("search") as daemon:
        await add(daemon, torrent(1, "Big Buck Bunny", size=2048, seeders=7), torrent(2, "Sintel"))

        heads, line = (await triblerd("find", "big", "bun")).splitlines()
        [found] = json.loads(await triblerd("find", "--json", "sin"))

    assert line.split() == ["7", "0", "2.0", "KiB", f"{1:040x}", "Big", "Buck", "Bunny"]
    assert heads.split()[-1] == "NAME"
    assert found["name"] == "Sintel"


async def test_a_mistake_in_the_filter_is_told(start_daemon, triblerd):
    async with start_daemon("search"):
        assert "Error processing request parameters" in await triblerd("find", '"big', code=1)


async def test_an_index_is_made_anew_on_demand(start_daemon, triblerd):
    async with start_daemon("search", "state") as daemon:
        await add(daemon, torrent(1, "Big Buck Bunny"))

        assert "indexed anew" in await triblerd("reindex")

        async def is_whole() -> bool:
            return (await daemon.get("/state"))["plugins"]["search"]["report"] is None

        await wait_for(is_whole)
        assert len((await daemon.get("/search", params={"txt_filter": "buck"}))["results"]) == 1
