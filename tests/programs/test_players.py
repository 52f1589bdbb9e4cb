"""What real players ask for, while the film is on its way."""

import asyncio
import json

import pytest

from tests.plugins.downloads.conftest import item_of
from tests.plugins.downloads.streaming.conftest import add, connect, pieces_of
from tests.programs.conftest import SECONDS, run

pytestmark = pytest.mark.programs

PIECE = 32 * 1024


@pytest.mark.parametrize("name", ["index-last.mp4", "film.mkv"])
async def test_ffprobe_learns_of_a_film_from_its_ends_alone(start_player, seeder, film, name):
    torrent = seeder.seed_new(film[name], name=name, piece_length=PIECE)
    seeder.limit(1_000_000)
    async with start_player() as player:
        await add(player.daemon, torrent)
        probing = asyncio.create_task(asyncio.to_thread(probe, player.url(torrent.infohash)))
        await connect(player.daemon, torrent, seeder)

        found = await probing
        there = await pieces_of(player.daemon, torrent.infohash)

    assert float(found["format"]["duration"]) == pytest.approx(SECONDS, abs=0.5)
    assert [stream["codec_type"] for stream in found["streams"]] == ["video", "audio"]
    assert len(there) < torrent.size / PIECE / 2


@pytest.mark.parametrize("name", ["index-last.mp4", "film.mkv"])
async def test_ffmpeg_plays_a_film_to_its_end_from_a_slow_seeder(start_player, seeder, film, name):
    torrent = seeder.seed_new(film[name], name=name, piece_length=PIECE)
    seeder.limit(2_000_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)

        played = await asyncio.to_thread(digest, player.url(torrent.infohash))
        item = await item_of(player.daemon, torrent.infohash)

    original = seeder._folder / name
    assert played == await asyncio.to_thread(digest, original)
    assert item["vod_mode"] is True


async def test_ffmpeg_jumps_into_a_film_that_has_not_come_yet(start_player, seeder, film):
    torrent = seeder.seed_new(film["film.mkv"], name="film.mkv", piece_length=PIECE)
    seeder.limit(1_000_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)

        frame = await asyncio.to_thread(one_frame, player.url(torrent.infohash), SECONDS - 4)
        there = await pieces_of(player.daemon, torrent.infohash)

    assert frame == await asyncio.to_thread(one_frame, seeder._folder / "film.mkv", SECONDS - 4)
    assert len(there) < torrent.size / PIECE


def probe(url):
    return json.loads(run("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", url))


def digest(source):
    """Return a hash of every frame, decoded."""
    return run("ffmpeg", "-v", "error", "-i", source, "-f", "md5", "-")


def one_frame(source, second):
    return run("ffmpeg", "-v", "error", "-ss", str(second), "-i", source, "-frames:v", "1", "-f", "framemd5", "-")
