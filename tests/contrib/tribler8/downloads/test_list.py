"""``GET /api/downloads``."""

import pytest

from tests.contrib.tribler8.downloads.conftest import listed, put_file, wait_for_state
from tests.plugins.downloads.conftest import connect
from tests.trackers import http_tracker
from triblerd.testing import wait_for
from triblerd_downloads.answering import ROWS_AT_ONCE
from triblerd_libtorrent.testing import make_torrent

KEYS = {
    "name": str,
    "progress": float,
    "infohash": str,
    "speed_down": int,
    "speed_up": int,
    "status": str,
    "status_code": int,
    "size": int,
    "eta": float,
    "num_peers": int,
    "num_seeds": int,
    "num_connected_peers": int,
    "num_connected_seeds": int,
    "all_time_upload": int,
    "all_time_download": int,
    "all_time_ratio": float,
    "last_download": int,
    "last_upload": int,
    "trackers": list,
    "hops": int,
    "anon_download": bool,
    "safe_seeding": bool,
    "upload_limit": int,
    "download_limit": int,
    "seeding_ratio": float,
    "destination": str,
    "completed_dir": str,
    "total_pieces": int,
    "error": str,
    "time_added": int,
    "time_finished": int,
    "queue_position": int,
    "auto_managed": bool,
    "user_stopped": bool,
    "streamable": bool,
}
EXTRAS = {"peers": "get_peers", "pieces": "get_pieces", "availability": "get_availability"}
PEER_KEYS = {"id", "extended_version", "ip", "port", "direction", "completed", "from_dht", "from_pex", "from_lsd"}


async def test_an_item_has_the_keys_of_version_8_and_no_others(start, album, tmp_path):
    async with start(tribler8={"sonarr_names": False}) as daemon:
        infohash = await put_file(daemon, album)
        item = await wait_for_state(daemon, infohash, "DOWNLOADING")
        answer = await daemon.get("/api/downloads")

    assert {key: type(value) for key, value in item.items()} == KEYS
    expected = {
        "name": "album",
        "size": 40_000,
        "total_pieces": 3,
        "destination": str(tmp_path / "saved"),
        "completed_dir": "",
        "queue_position": 0,
        "upload_limit": -1,
        "download_limit": -1,
        "seeding_ratio": 2.0,
        "streamable": True,
        "all_time_ratio": 0,
        "time_finished": 0,
        "error": "",
        "status_code": 3,
    }
    assert {key: item[key] for key in expected} == expected
    assert answer["checkpoints"] == {"total": 0, "loaded": 0, "all_loaded": True}


async def test_pseudo_trackers_come_last_and_unknown_numbers_are_minus_one(start, album):
    async with start() as daemon:
        infohash = await put_file(daemon, album)
        await daemon.put(f"/api/downloads/{infohash}/trackers", json={"url": "http://127.0.0.1:9/announce"})
        item = await wait_for(lambda: with_tracker(daemon, infohash))

    first, dht, pex = item["trackers"]
    assert first.keys() == {"url", "peers", "seeds", "leeches", "status"}
    assert (first["seeds"], first["leeches"]) == (-1, -1)
    assert (dht["url"], dht["status"], dht["seeds"]) == ("[DHT]", "Disabled", -1)
    assert (pex["url"], pex["status"]) == ("[PeX]", "Working")


async def with_tracker(daemon, infohash):
    item = await listed(daemon, infohash)
    return item if len(item["trackers"]) == 3 else None


async def test_extras_are_for_the_item_that_is_named_and_all_are_listed(start, album, seeder):
    torrent = seeder.seed_new(b"x" * 100_000)
    async with start() as daemon:
        for one in (album, torrent):
            await put_file(daemon, one)
        await connect(daemon, seeder, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        flags = {**dict.fromkeys(EXTRAS.values(), 1), "get_files": 1}  # of which the last is version 7's
        named = (await daemon.get("/api/downloads", params={**flags, "infohash": torrent.infohash}))["downloads"]
        both = (await daemon.get("/api/downloads", params=flags))["downloads"]
        none = (await daemon.get("/api/downloads", params={"get_peers": "0", "get_pieces": "2", "infohash": "x"}))[
            "downloads"
        ]
        left = (await daemon.get("/api/downloads", params={"excluded": album.infohash}))["downloads"]
        upper = (await daemon.get("/api/downloads", params={"excluded": album.infohash.upper()}))["downloads"]

    assert [EXTRAS.keys() & item.keys() for item in named] == [set(), EXTRAS.keys()]
    assert [EXTRAS.keys() & item.keys() for item in both] == [EXTRAS.keys()] * 2
    assert [EXTRAS.keys() & item.keys() for item in none] == [set()] * 2
    assert named[1]["pieces"] == "/g=="
    assert all("files" not in item for item in both)
    assert all(peer.keys() >= PEER_KEYS for peer in named[1]["peers"])
    assert [item["infohash"] for item in left] == [torrent.infohash]
    assert len(upper) == 2


async def test_a_long_list_is_whole(start):
    infohashes = [f"{number:040x}" for number in range(1, ROWS_AT_ONCE + 2)]
    async with start() as daemon:
        for infohash in infohashes:
            await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{infohash}"})
        items = (await daemon.get("/api/downloads"))["downloads"]

    assert [item["infohash"] for item in items] == infohashes
    assert {item["name"] for item in items} == {"Unknown name"}


@pytest.mark.parametrize("agent", ["Sonarr/4.0", "radarr/5.1 (linux)", "Whisparr/2"])
async def test_agents_that_fail_on_newer_states_are_told_others(start, album, agent):
    async with start(libtorrent={"active_downloads": 0}, download_defaults={"auto_managed": True}) as daemon:
        infohash = await put_file(daemon, album)
        await wait_for_state(daemon, infohash, "QUEUED")
        told = await listed(daemon, infohash, headers={"User-Agent": agent})
        other = await listed(daemon, infohash, headers={"User-Agent": f"x{agent}"})

    assert (told["status"], told["status_code"]) == ("DOWNLOADING", 3)
    assert (other["status"], other["status_code"]) == ("QUEUED", 11)


async def test_what_a_tracker_knows_of_counts_when_it_is_more(start, tmp_path):
    async with http_tracker() as tracker, start() as daemon:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(tracker.url,))
        await put_file(daemon, torrent)

        async def told():
            item = await listed(daemon, torrent.infohash)
            return item if item["trackers"] and item["trackers"][0]["seeds"] >= 0 else None

        item = await wait_for(told)

    assert item["trackers"][0] == {
        "url": tracker.url,
        "peers": 0,
        "seeds": 3,
        "leeches": 2,
        "status": "Working",
    }
    assert (item["num_seeds"], item["num_peers"]) == (3, 2)
