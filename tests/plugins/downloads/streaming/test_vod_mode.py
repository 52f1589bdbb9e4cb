"""``vod_mode``: a file is prepared for a player."""

import random

import pytest

from tests.plugins.downloads.conftest import item_of, wait_for_status
from tests.plugins.downloads.streaming.conftest import PIECE, add, connect, read_slowly
from triblerd.testing import wait_for

CONTENT = random.Random(9).randbytes(200 * PIECE)
PROGRESS = (
    "vod_prebuffering_progress",
    "vod_prebuffering_progress_consec",
    "vod_header_progress",
    "vod_footer_progress",
)
ZEROS = dict.fromkeys(PROGRESS, 0.0)


async def test_a_file_that_is_prepared_tells_how_ready_it_is(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player() as player:
        daemon, infohash = player.daemon, torrent.infohash
        await add(daemon, torrent)
        before = await item_of(daemon, infohash)

        enabled = await daemon.patch(f"/downloads/{infohash}", json={"vod_mode": True, "fileindex": 0})
        again = await daemon.patch(f"/downloads/{infohash}", json={"vod_mode": True, "fileindex": 0})
        await connect(daemon, torrent, seeder)
        await wait_for_status(daemon, infohash, "SEEDING")
        ready = await item_of(daemon, infohash)

    assert before["vod_mode"] is None
    assert not before.keys() & set(PROGRESS)
    assert enabled == {"modified": True, "infohash": infohash, "vod_mode": True, **ZEROS}
    assert again == enabled | {"modified": False}
    assert {key: ready[key] for key in ("vod_mode", *PROGRESS)} == {"vod_mode": True, **dict.fromkeys(PROGRESS, 1.0)}


async def test_the_part_that_is_prepared_comes_first(start_player, seeder):
    content = random.Random(10).randbytes(1000 * PIECE)
    torrent = seeder.seed_new(content, name="film")
    seeder.limit(3_000_000)
    async with start_player() as player:
        await add(player.daemon, torrent)
        await player.daemon.patch(
            f"/downloads/{torrent.infohash}",
            json={"vod_mode": True, "fileindex": 0},
            headers={"Range": f"bytes={500 * PIECE}-"},
        )
        await connect(player.daemon, torrent, seeder)

        async def is_ready():
            item = await item_of(player.daemon, torrent.infohash)
            ready = item["vod_prebuffering_progress_consec"] == item["vod_footer_progress"] == 1
            return item if ready else None

        item = await wait_for(is_ready)

    assert item["progress"] < 0.9


async def test_what_is_not_prepared_any_more_has_zeros(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player() as player:
        daemon, infohash = player.daemon, torrent.infohash
        await add(daemon, torrent, seeder)
        never = await daemon.patch(f"/downloads/{infohash}", json={"vod_mode": False})
        await daemon.patch(f"/downloads/{infohash}", json={"vod_mode": True, "fileindex": 0})

        disabled = await daemon.patch(f"/downloads/{infohash}", json={"vod_mode": False})
        item = await item_of(daemon, infohash)

    assert never == {"modified": False, "infohash": infohash, "vod_mode": False, **ZEROS}
    assert disabled == never | {"modified": True}
    assert {key: item[key] for key in ("vod_mode", *PROGRESS)} == {"vod_mode": False, **ZEROS}


async def test_to_turn_it_off_ends_those_who_play(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(50_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            await read_slowly(answer, 100)

            await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"vod_mode": False})

            await wait_for(lambda: answer.content.exception() or answer.connection is None)
        item = await item_of(player.daemon, torrent.infohash)

    assert (item["status"], item["vod_mode"]) == ("DOWNLOADING", False)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"vod_mode": 1, "fileindex": 0}, "vod_mode must be bool flag"),
        ({"vod_mode": "true"}, "vod_mode must be bool flag"),
        ({"vod_mode": [True]}, "vod_mode must be bool flag"),
        ({"vod_mode": True}, "fileindex is necessary to enable vod_mode"),
        ({"vod_mode": True, "fileindex": None}, "fileindex is necessary to enable vod_mode"),
        ({"vod_mode": True, "fileindex": "x"}, "fileindex must be an integer"),
        ({"vod_mode": True, "fileindex": 1}, "fileindex out of range"),
        ({"vod_mode": True, "fileindex": -1}, "fileindex out of range"),
        ({"vod_mode": True, "fileindex": 2**62}, "fileindex out of range"),
    ],
)
async def test_what_makes_no_sense_is_refused(start_player, seeder, body, text):
    torrent = seeder.seed_new(CONTENT[:100], name="film")
    async with start_player() as player:
        await add(player.daemon, torrent)

        answer = await player.daemon.patch(f"/downloads/{torrent.infohash}", json=body, status=400)

    assert answer == {"error": text}


async def test_nothing_else_of_the_body_is_looked_at(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player() as player:
        await add(player.daemon, torrent)

        for other in ({"state": "nonsense"}, {"anon_hops": "x", "tags": 7}, {"fileindex": "x", "selected_files": {}}):
            await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"vod_mode": False, **other})
        unknown = await player.daemon.patch(f"/downloads/{'ab' * 20}", json={"vod_mode": True}, status=404)

    assert unknown == {"error": "this download does not exist"}
