"""What was confirmed is there after ``kill -9``."""

import asyncio
import random

import pytest

from tests.plugins.downloads.conftest import item_of, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent


@pytest.fixture
def settings(tmp_path):
    """Save into ``saved``."""
    return {"download_defaults": {"saveas": str(tmp_path / "saved")}}


async def test_what_was_confirmed_is_there_after_a_kill(daemon_process, tmp_path, settings):
    torrents = [make_torrent(tmp_path, bytes([number]) * 20_000, name=f"film{number}") for number in range(12)]
    async with daemon_process("downloads", config=settings) as daemon:
        for kept, removed, changed in zip(torrents[::3], torrents[1::3], torrents[2::3], strict=True):
            await asyncio.gather(*(upload(daemon, torrent) for torrent in (kept, removed, changed)))
            await daemon.delete(f"/downloads/{removed.infohash}", json={"remove_data": False})
            await daemon.patch(f"/downloads/{changed.infohash}", json={"state": "stop"})
            daemon.kill()
            await daemon.start()

        listed = (await daemon.get("/downloads"))["downloads"]
        stopped = [await wait_for_status(daemon, torrent.infohash, "STOPPED") for torrent in torrents[2::3]]

    assert {item["infohash"] for item in listed} == {
        torrent.infohash for torrent in torrents if torrent not in torrents[1::3]
    }
    assert all(item["trackers"] or item["status"] == "STOPPED" for item in stopped)


async def test_a_download_goes_on_after_a_kill(daemon_process, seeder, tmp_path, settings):
    content = random.Random(5).randbytes(2_000_000)
    torrent = seeder.seed_new(content, name="film")
    seeder.limit(400_000)
    config = {**settings, "libtorrent": {"checkpoint_interval": 0.5}}
    async with daemon_process("downloads", config=config) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        async def has_begun():
            return (await item_of(daemon, torrent.infohash))["progress"] > 0.3

        await wait_for(has_begun)
        daemon.kill()
        await daemon.start()
        seeder.limit(0)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert item["total_down"] < 2_000_000  # some pieces were there already
    assert (tmp_path / "saved" / "film").read_bytes() == content
