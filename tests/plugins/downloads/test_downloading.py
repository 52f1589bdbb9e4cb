"""Whole downloads, from a real peer on 127.0.0.1."""

import random

import pytest

from tests.plugins.downloads.conftest import item_of, upload, wait_for_status
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import TorrentVersion


async def test_a_magnet_link_is_downloaded_and_then_seeded(start_downloads, seeder, tmp_path):
    content = random.Random(1).randbytes(500_000)
    torrent = seeder.seed_new(content, name="film.mkv")
    async with start_downloads() as daemon:
        answer = await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert answer == {"started": True, "infohash": torrent.infohash}
    assert (item["name"], item["size"], item["progress"]) == ("film.mkv", 500_000, 1.0)
    assert item["total_down"] >= 500_000
    assert item["ratio"] >= 0
    assert [tracker["url"] for tracker in item["trackers"]] == ["[DHT]", "[PeX]"]
    assert (tmp_path / "saved" / "film.mkv").read_bytes() == content
