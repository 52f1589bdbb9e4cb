"""Downloads that are not ready to be played, or not any more."""

import asyncio
import json
import random

from tests.plugins.downloads.conftest import item_of, wait_for_status
from tests.plugins.downloads.streaming.conftest import PIECE, add, connect, read_slowly
from triblerd.testing import wait_for

CONTENT = random.Random(4).randbytes(60 * PIECE)


async def test_a_magnet_link_is_played_as_soon_as_its_files_are_known(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player() as player:
        await player.daemon.put("/downloads", json={"uri": torrent.magnet})
        playing = asyncio.create_task(player.get(torrent.infohash))
        await connect(player.daemon, torrent, seeder)

        status, _, content = await playing

    assert (status, content) == (200, CONTENT)


async def test_a_magnet_link_that_nobody_has_is_not_waited_for_for_ever(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start_player("tribler8") as player:
        await player.daemon.put("/downloads", json={"uri": torrent.magnet})
        waiting = asyncio.create_task(player.get(torrent.infohash))
        of8 = asyncio.create_task(player.daemon.request("GET", f"/api/downloads/{torrent.infohash}/stream/0"))
        enabling = asyncio.create_task(
            player.daemon.request("PATCH", f"/downloads/{torrent.infohash}", json={"vod_mode": True, "fileindex": 0})
        )
        head = await player.get(torrent.infohash, method="HEAD")

        status, headers, content = await waiting
        enabled = await enabling
        told8 = await of8

    error = json.loads(content)["error"]
    assert (status, headers["Retry-After"], error["handled"]) == (503, "5", True)
    assert "not known yet" in error["message"]
    assert head[0] == 503
    assert (told8.status, told8.headers["retry-after"]) == (503, "5")
    assert told8.json() == {"error": {"handled": True, "message": error["message"]}}
    assert error["message"].startswith("The download cannot be played, ")
    assert (enabled.status, enabled.json()["error"]["handled"], enabled.json()["error"]["code"]) == (
        500,
        True,
        "TimeoutError",
    )


async def test_removing_a_download_ends_its_streams(start_player, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(50_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            await read_slowly(answer, 100)

            await player.daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": True})

            await wait_for(lambda: answer.content.exception() or answer.connection is None)
        gone = await player.get(torrent.infohash)

    assert gone[0] == 404
    assert not (tmp_path / "saved" / "film").exists()


async def test_a_client_that_goes_away_leaves_nothing_behind(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(50_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        answered = player.daemon.daemon.container.router()._owners["downloads"].streams
        async with player.open(torrent.infohash) as answer:
            await read_slowly(answer, 100)
            assert len(answered) == 1

        await wait_for(lambda: not answered)


async def test_the_plugin_stops_while_files_are_played(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(50_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            await read_slowly(answer, 100)

            await player.daemon.patch("/plugins/downloads", json={"enabled": False})

            await wait_for(lambda: answer.content.exception() or answer.connection is None)


async def test_files_that_are_not_selected_are_played_and_then_left_alone_again(start_player, seeder):
    names = ("a.bin", "b.bin", "c.bin")
    torrent = seeder.seed_new({name: random.Random(name).randbytes(10 * PIECE) for name in names}, name="album")
    seeder.limit(200_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder, selected_files="0")
        async with player.open(torrent.infohash, 2, Range="bytes=0-99") as answer:
            played = await read_slowly(answer, 100)
        ended = await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"vod_mode": False})
        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")
        files = (await player.daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]

    assert played == random.Random("c.bin").randbytes(100)
    assert (ended["modified"], ended["vod_mode"]) == (True, False)
    assert [file["included"] for file in files] == [True, False, False]
    assert files[0]["progress"] == 1.0
    assert files[2]["progress"] < 1.0


async def test_a_selection_made_meanwhile_is_followed_when_the_stream_ends(start_player, seeder):
    torrent = seeder.seed_new({"a": CONTENT, "b": b"b" * 5 * PIECE}, name="album")
    seeder.limit(300_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash, 0, Range="bytes=0-99") as answer:
            await read_slowly(answer, 100)
            await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": [1]})
        await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"vod_mode": False})

        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")
        files = (await player.daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]

    assert [file["included"] for file in files] == [False, True]
    assert files[1]["progress"] == 1.0
    assert files[0]["progress"] < 1.0


async def test_after_kill_9_a_streamed_download_is_fetched_as_selected(daemon_process, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(100_000)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}, "libtorrent": {"checkpoint_interval": 0.5}}
    async with daemon_process("downloads", config=config) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        reading = asyncio.create_task(
            daemon.request("GET", f"/downloads/{torrent.infohash}/stream/0", headers={"Range": f"bytes={40 * PIECE}-"})
        )
        await wait_for(lambda: _is_played(daemon, torrent.infohash))
        await wait_for(lambda: _has_some(daemon, torrent.infohash))
        daemon.kill()
        await asyncio.gather(reading, return_exceptions=True)

        seeder.limit(0)
        await daemon.start()
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert (item["progress"], item["vod_mode"]) == (1.0, None)
    assert (tmp_path / "saved" / "film").read_bytes() == CONTENT


async def test_a_move_of_the_files_does_not_disturb_who_plays_them(start_player, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    (tmp_path / "elsewhere").mkdir()
    seeder.limit(300_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            first = await read_slowly(answer, PIECE)
            move = {"state": "move_storage", "dest_dir": str(tmp_path / "elsewhere")}
            await player.daemon.patch(f"/downloads/{torrent.infohash}", json=move)
            rest = await answer.read()

    assert first + rest == CONTENT
    assert (tmp_path / "elsewhere" / "film").exists()


async def test_a_recheck_during_a_stream_delays_it_but_loses_nothing(start_player, seeder):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(300_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as answer:
            first = await read_slowly(answer, PIECE)
            await player.daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})
            rest = await answer.read()

    assert first + rest == CONTENT


async def _is_played(daemon, infohash):
    item = await item_of(daemon, infohash)
    return item and item["vod_mode"]


async def _has_some(daemon, infohash):
    item = await item_of(daemon, infohash)
    return item and item["progress"] > 0
