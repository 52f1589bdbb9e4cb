"""``triblerd info`` beside a running daemon."""

import json

import pytest

from triblerd_libtorrent.testing import TorrentVersion, make_torrent

FILES = {"a/one.bin": b"1" * 50_000, "two.bin": b"2" * 40_000}


@pytest.mark.parametrize("version", TorrentVersion)
async def test_a_file_of_each_generation_is_shown(start_info, triblerd, tmp_path, version):
    torrent = make_torrent(tmp_path, FILES, name="album", version=version)
    (tmp_path / "album.torrent").write_bytes(torrent.metainfo)

    async with start_info():
        printed = await triblerd("info", "album.torrent")

    assert f"Infohash: {torrent.infohash}" in " ".join(printed.split())
    assert "in 2 files" in printed
    for name in FILES:
        assert name in printed


async def test_a_link_is_shown_and_becomes_json(start_info, triblerd, seeder):
    torrent = seeder.seed_new(b"x" * 70_000, name="film")

    async with start_info():
        printed = await triblerd("info", seeder.magnet(torrent))
        found = json.loads(await triblerd("info", torrent.infohash, "--hops", 0, "--json"))

    assert "Name:      film" in printed
    assert "in 1 file\n" in printed
    assert found["infohash"] == torrent.infohash
    assert found["metainfo"]["info"]["length"] == 70_000


async def test_what_is_not_there_is_named(start_info, triblerd):
    async with start_info(torrentinfo={"lookup_timeout": 0.3}):
        nothing = await triblerd("info", "missing.torrent", code=2)
        nobody = await triblerd("info", "ab" * 20, code=1)

    assert "missing.torrent is neither a file" in nothing
    assert "metainfo error" in nobody
