"""``GET /api/downloads``: the figures of downloads that really came, go out, wait or failed."""

import time
from functools import partial

from tests.contrib.tribler8.clients.sonarr_downloads import Sonarr
from tests.contrib.tribler8.downloads.conftest import listed, put_file, wait_for_state
from tests.plugins.createtorrent.test_seeding import peer_port
from tests.plugins.downloads.conftest import connect
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent

SIZE = 100_000
FILMS = {"a.mp4": True, "a.m4v": True, "a.mov": True, "a.mkv": True, "a.avi": False, "mkv": False}


async def test_what_came_is_counted_and_dated_over_a_restart(start, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * SIZE)
    place = tmp_path / "not" / "yet"
    began = int(time.time())
    async with start() as daemon:
        await put_file(daemon, torrent, destination=str(place))
        before = await wait_for_state(daemon, torrent.infohash, "DOWNLOADING")
        await connect(daemon, seeder, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        after = await wait_for(lambda: dated(daemon, torrent))
    async with start() as daemon:
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        again = await wait_for(lambda: dated(daemon, torrent))

    assert (place / torrent.name).read_bytes() == b"x" * SIZE
    dates = ("last_download", "time_finished")
    assert [before[name] for name in dates] == [0, 0]
    assert (before["all_time_download"], before["queue_position"], before["progress"]) == (0, 0, 0.0)
    assert all(began <= after[name] <= time.time() for name in (*dates, "time_added"))
    assert after["all_time_download"] >= SIZE
    assert (after["progress"], after["eta"], after["queue_position"]) == (1.0, 0.0, -1)
    assert (after["last_upload"], after["all_time_upload"], after["all_time_ratio"]) == (0, 0, 0.0)
    kept = (*dates, "time_added", "all_time_download", "progress")
    assert [again[name] for name in kept] == [after[name] for name in kept]


async def dated(daemon, torrent):
    item = await listed(daemon, torrent.infohash)
    return item if item["all_time_download"] and item["last_download"] and item["time_finished"] else None


async def test_what_goes_out_is_counted_while_peers_are_connected(start, seeder, tmp_path):
    torrent = make_torrent(tmp_path / "saved", b"y" * SIZE)
    async with start("settings", download_defaults={"saveas": str(torrent.folder)}) as daemon:
        await put_file(daemon, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/api/downloads/{torrent.infohash}", json={"upload_limit": SIZE // 2})
        seeder.leech(torrent, tmp_path / "peer", "127.0.0.1", await peer_port(daemon))

        async def goes_out():
            item = await listed(daemon, torrent.infohash)
            return item if item["num_connected_peers"] and item["all_time_upload"] and item["last_upload"] else None

        item = await wait_for(goes_out)

    assert (item["num_connected_peers"], item["num_connected_seeds"], item["num_peers"]) == (1, 0, 1)
    assert item["all_time_ratio"] == item["all_time_upload"] / SIZE
    assert (item["last_download"], item["upload_limit"]) == (0, SIZE // 2)


async def test_a_film_can_be_played_by_its_name(start, tmp_path):
    async with start() as daemon:
        for name in FILMS:
            await put_file(daemon, make_torrent(tmp_path / name, b"z" * 100 + name.encode(), name=name))
        items = (await daemon.get("/api/downloads"))["downloads"]

    assert {item["name"]: item["streamable"] for item in items} == FILMS


async def test_an_error_is_quoted_and_sonarr_shows_it(start, album, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * SIZE, name="film")
    (tmp_path / "saved" / "film").mkdir(parents=True)  # where the file belongs
    async with start() as daemon, Sonarr(daemon) as sonarr:
        await put_file(daemon, torrent)
        await put_file(daemon, album)
        await connect(daemon, seeder, torrent)
        item = await wait_for_state(daemon, torrent.infohash, "STOPPED_ON_ERROR")
        await wait_for_state(daemon, album.infohash, "DOWNLOADING")
        polled = await sonarr.poll()

    broken, _ = polled[torrent.infohash]
    assert (item["status_code"], item["error"][0], item["error"][-1]) == (6, "'", "'")
    assert (broken.title_status, broken.error) == ("Warning", item["error"])
    assert polled[album.infohash][0].title_status == "Downloading"


async def test_a_place_in_the_queue_is_shown_and_changed(start, tmp_path):
    torrents = [make_torrent(tmp_path / str(number), bytes([number]) * 40_000) for number in range(3)]
    first, _, last = (torrent.infohash for torrent in torrents)
    async with start(libtorrent={"active_downloads": 0}, download_defaults={"auto_managed": True}) as daemon:
        for torrent in torrents:
            await put_file(daemon, torrent)
            await wait_for_state(daemon, torrent.infohash, "QUEUED")  # the engine takes them as they come
        await wait_for(lambda: has_queue(daemon, [0, 1, 2]))
        for move, places in (
            ("queue_top", [1, 2, 0]),
            ("queue_down", [0, 2, 1]),
            ("queue_bottom", [0, 1, 2]),
            ("queue_up", [0, 2, 1]),
        ):
            await daemon.patch(f"/api/downloads/{last}", json={"queue_position": move})
            await wait_for(partial(has_queue, daemon, places), what=f"{move} to be listed")
        await daemon.patch(f"/api/downloads/{last}", json={"state": "stop"})
        await wait_for_state(daemon, last, "STOPPED")
        await daemon.patch(f"/api/downloads/{last}", json={"state": "resume"})
        await wait_for(lambda: has_queue(daemon, [0, 2, 1]))
        await daemon.delete(f"/api/downloads/{first}", json={"remove_data": False})
        await wait_for(lambda: has_queue(daemon, [1, 0]), what="the others to move up")


async def has_queue(daemon, places):
    """Return whether all downloads wait at these places."""
    items = (await daemon.get("/api/downloads"))["downloads"]
    return [(item["status"], item["queue_position"]) for item in items] == [("QUEUED", place) for place in places]
