"""Whole files and parts of them, played from a real peer on 127.0.0.1."""

import random

from tests.plugins.downloads.conftest import item_of, wait_for_status
from tests.plugins.downloads.streaming.conftest import PIECE, add, connect, pieces_of, read_slowly
from triblerd.testing import wait_for

CONTENT = random.Random(1).randbytes(40 * PIECE + 123)


async def test_a_file_is_played_from_beginning_to_end_while_it_comes(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film.mkv")
    seeder.limit(400_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)

        status, headers, content = await player.get(torrent.infohash)

    assert (status, content) == (200, CONTENT)
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Type"] == "video/x-matroska"


async def test_a_complete_file_is_played(start_player, seeder):
    torrent = seeder.seed_new({"a.bin": b"a" * 50_000, "b.mp4": CONTENT}, name="album")
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")

        status, headers, content = await player.get(torrent.infohash, 1)

    assert (status, content, headers["Content-Type"]) == (200, CONTENT, "video/mp4")


async def test_playing_begins_before_more_than_the_window_has_come(start_player, seeder):
    content = random.Random(2).randbytes(400 * PIECE)  # a window is 20 pieces
    torrent = seeder.seed_new(content, name="film")
    seeder.limit(300_000)
    async with start_player() as player:
        await add(player.daemon, torrent)
        async with player.open(torrent.infohash, Range=f"bytes={200 * PIECE}-") as answer:
            await connect(player.daemon, torrent, seeder)
            first = await read_slowly(answer, PIECE)
            there = await pieces_of(player.daemon, torrent.infohash)

    assert first == content[200 * PIECE : 201 * PIECE]
    assert 200 in there
    assert len(there) <= 20


async def test_a_stopped_download_is_started_to_be_played(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")
        await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        await wait_for_status(player.daemon, torrent.infohash, "STOPPED")

        status, _, content = await player.get(torrent.infohash)
        item = await item_of(player.daemon, torrent.infohash)

    assert (status, content, item["status"]) == (200, CONTENT, "SEEDING")


async def test_stopping_a_download_ends_its_streams(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(50_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            await read_slowly(answer, 100)
            await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})

            await wait_for(lambda: answer.content.exception() or answer.content.at_eof() or answer.connection is None)
        item = await wait_for_status(player.daemon, torrent.infohash, "STOPPED")

    assert item["vod_mode"] is False
