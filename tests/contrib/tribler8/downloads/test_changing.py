"""``DELETE`` and ``PATCH /api/downloads/{infohash}``, and its trackers."""

import asyncio
import subprocess

import pytest

from tests.contrib.tribler8.downloads.conftest import GONE, error_of, listed, put_file, wait_for_state
from tests.plugins.downloads.conftest import connect, mount_disk, service
from tests.trackers import http_tracker
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

__all__ = ["mount_disk"]

UNKNOWN = (404, "this download does not exist")
ALONE = (400, "anon_hops must be the only parameter in this request")
TRACKER = "http://127.0.0.1:9/announce"

REFUSED = [
    ({"anon_hops": 1, "state": "stop"}, ALONE),
    ({"anon_hops": 0, "nobody_knows": 1}, ALONE),
    ({"anon_hops": 4}, (400, "anon_hops must be in the range 0..3")),
    ({"anon_hops": "x"}, (400, None)),
    ({"anon_hops": 1}, (500, None)),
    ({"selected_files": [2]}, (400, "index out of range")),
    ({"selected_files": [-1]}, (400, "index out of range")),
    ({"selected_files": 1}, (400, None)),
    ({"upload_limit": -2}, (400, "upload_limit must be -1 or bytes per second")),
    ({"upload_limit": 2**31}, (400, "upload_limit must be at most 2147483647 bytes per second; -1 is unlimited")),
    ({"download_limit": "fast"}, (400, None)),
    ({"seeding_ratio": -1}, (400, "seeding_ratio must not be negative")),
    ({"queue_position": "first"}, (400, "invalid value for queue_position")),
    ({"queue_position": 1}, (400, "invalid value for queue_position")),
    ({"auto_managed": "perhaps"}, (400, "invalid value for auto_managed")),
    ({"auto_managed": [1]}, (400, "invalid value for auto_managed")),
    ({"state": "dance"}, (400, "unknown state parameter")),
    ({"state": "move_storage"}, (400, "dest_dir parameter missing")),
    ({"state": "move_storage", "dest_dir": "/nowhere"}, (400, "Target directory (/nowhere) does not exist")),
    ({"state": "move_storage", "dest_dir": "\0"}, (400, None)),
    ({"vod_mode": True, "state": "dance"}, (400, "unknown state parameter")),
    (b"{", (400, "Bad JSON")),
    (b"[]", (400, None)),
]


async def test_what_cannot_be_changed_is_refused_with_the_text_of_version_8(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with start() as daemon:
        await put_file(daemon, album)
        before = await listed(daemon, album.infohash)
        for body, expected in REFUSED:
            parts = {"data": body} if isinstance(body, bytes) else {"json": body}
            status, text = error_of(await daemon.request("PATCH", path, **parts))
            assert (status, text) == (expected[0], expected[1] or text), body
        missing = [
            error_of(await daemon.request("PATCH", f"/api/downloads/{name}", json={"state": "dance"}))
            for name in (GONE, "0" * 39, "zz" * 20, "a" * 64)
        ]
        after = await listed(daemon, album.infohash)

    assert missing == [UNKNOWN, (400, "Invalid infohash"), (400, "Invalid infohash"), UNKNOWN]
    same = ("hops", "upload_limit", "download_limit", "seeding_ratio", "auto_managed", "user_stopped", "destination")
    assert [before[name] for name in same] == [after[name] for name in same]


async def test_wishes_are_applied_one_after_the_other_until_one_is_refused(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with start() as daemon:
        await put_file(daemon, album)
        body = {
            "state": "stop",
            "auto_managed": "perhaps",
            "seeding_ratio": 1.5,
            "upload_limit": 51200,
            "download_limit": "1024",
            "selected_files": [],
        }
        refused = error_of(await daemon.request("PATCH", path, json=body))
        item = await listed(daemon, album.infohash)
        files = (await daemon.get(f"{path}/files"))["files"]

    assert refused == (400, "invalid value for auto_managed")
    assert (item["upload_limit"], item["download_limit"], item["seeding_ratio"]) == (51200, 1024, 1.5)
    assert not item["user_stopped"]
    assert [file["included"] for file in files] == [False, False]


async def test_limits_of_nothing_change_nothing_and_minus_one_lifts_them(start, album):
    path = f"/api/downloads/{album.infohash}"
    seen = []
    async with start(download_defaults={"seeding_ratio": 3.5}) as daemon:
        await put_file(daemon, album)
        for body in (
            {"upload_limit": 1000, "download_limit": 2000, "seeding_ratio": 0.5},
            {"upload_limit": 0, "download_limit": None, "seeding_ratio_default": False, "auto_managed": None},
            {"upload_limit": -1, "download_limit": -1, "seeding_ratio_default": True},
            {},
        ):
            assert await daemon.patch(path, json=body) == {"modified": True, "infohash": album.infohash}
            item = await listed(daemon, album.infohash)
            seen.append((item["upload_limit"], item["download_limit"], item["seeding_ratio"]))

    assert seen == [(1000, 2000, 0.5), (1000, 2000, 0.5), (-1, -1, 3.5), (-1, -1, 3.5)]


async def test_a_magnet_link_has_no_files_to_be_selected(start):
    async with start() as daemon:
        await daemon.put("/api/downloads", json={"uri": f"magnet:?xt=urn:btih:{GONE}"})
        for chosen in ([0], []):
            answer = await daemon.request("PATCH", f"/api/downloads/{GONE}", json={"selected_files": chosen})
            assert error_of(answer) == (400, "index out of range")
        files = await daemon.get(f"/api/downloads/{GONE}/files")

    assert files == {"infohash": GONE, "files": []}


async def test_it_is_stopped_resumed_rechecked_and_queued(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with start() as daemon:
        await put_file(daemon, album)
        await daemon.patch(path, json={"state": "stop"})
        stopped = await wait_for_state(daemon, album.infohash, "STOPPED")
        await daemon.patch(path, json={"state": "recheck"})
        await daemon.patch(path, json={"state": "resume", "auto_managed": "1"})
        resumed = await wait_for_state(daemon, album.infohash, "DOWNLOADING")
        for move in ("queue_up", "queue_top", "queue_down", "queue_bottom"):
            await daemon.patch(path, json={"queue_position": move})

    assert (stopped["user_stopped"], resumed["user_stopped"]) == (True, False)
    assert resumed["auto_managed"]


async def test_it_is_moved_and_goes_elsewhere_when_complete(start, seeder, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    torrent = seeder.seed_new(b"x" * 50_000)
    path = f"/api/downloads/{torrent.infohash}"
    move = {"state": "move_storage", "dest_dir": str(here), "completed_dir": str(there)}
    async with start() as daemon:
        await put_file(daemon, torrent)
        missing = error_of(await daemon.request("PATCH", path, json={**move, "completed_dir": "/nowhere"}))
        await daemon.patch(path, json=move)
        item = await listed(daemon, torrent.infohash)
        await connect(daemon, seeder, torrent)
        await wait_for((there / torrent.name).is_file)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(path, json={**move, "completed_dir": str(there)})
        await wait_for((here / torrent.name).is_file)
        done = await wait_for_state(daemon, torrent.infohash, "SEEDING")

    assert missing == (400, f"Target directory ({here}) does not exist")
    assert (item["destination"], item["completed_dir"]) == (str(here), str(there))
    assert (done["destination"], done["completed_dir"]) == (str(here), "")


async def test_trackers_are_added_removed_and_announced_to(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with start() as daemon:
        await put_file(daemon, album)
        await daemon.patch(path, json={"state": "stop"})
        added = await daemon.put(f"{path}/trackers", json={"url": TRACKER})
        odd = await daemon.put(f"{path}/trackers", json={"url": "whatever it is"})
        forced = [
            await daemon.put(f"{path}/tracker_force_announce", json={"url": url}) for url in (TRACKER, "udp://x:1")
        ]
        during = await wait_for(lambda: urls_of(daemon, album))
        removed = [await daemon.delete(f"{path}/trackers", json={"url": url}) for url in (TRACKER, "udp://x:1")]
        after = await urls_of(daemon, album)

    assert added == odd == {"added": True}
    assert forced == [{"forced": True}] * 2
    assert removed == [{"removed": True}] * 2
    assert during == [TRACKER, "whatever it is", "[DHT]", "[PeX]"]
    assert after == ["whatever it is", "[DHT]", "[PeX]"]


async def test_a_tracker_is_announced_to_when_it_is_added_and_when_it_is_wanted(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with http_tracker() as tracker, start() as daemon:
        await put_file(daemon, album)
        await wait_for_state(daemon, album.infohash, "DOWNLOADING")
        await daemon.put(f"{path}/trackers", json={"url": tracker.url})
        await wait_for(lambda: tracker.events)
        before = len(tracker.events)
        await daemon.put(f"{path}/tracker_force_announce", json={"url": tracker.url})
        await wait_for(lambda: len(tracker.events) > before)


async def urls_of(daemon, torrent):
    return [tracker["url"] for tracker in (await listed(daemon, torrent.infohash))["trackers"]]


async def test_a_tracker_that_is_not_named_is_missing_and_a_download_that_is_not_there_comes_first(start, album):
    routes = [("PUT", "trackers"), ("DELETE", "trackers"), ("PUT", "tracker_force_announce")]
    bodies = [({}, "url parameter missing"), ({"url": ""}, "url parameter missing"), ({"url": "x\ny"}, None)]
    async with start() as daemon:
        await put_file(daemon, album)
        for method, name in routes:
            for body, text in bodies:
                answer = await daemon.request(method, f"/api/downloads/{album.infohash}/{name}", json=body)
                assert error_of(answer) == (400, text or error_of(answer)[1])
            assert error_of(await daemon.request(method, f"/api/downloads/{GONE}/{name}", json={})) == UNKNOWN


@pytest.mark.parametrize(("with_data", "is_left"), [(1, False), (False, True)])
async def test_a_download_is_removed_with_its_files_or_without(start, album, with_data, is_left):
    async with start(download_defaults={"saveas": str(album.folder)}) as daemon:
        await put_file(daemon, album)
        await wait_for_state(daemon, album.infohash, "SEEDING")
        answer = await daemon.delete(f"/api/downloads/{album.infohash.upper()}", json={"remove_data": with_data})
        again = await daemon.request("DELETE", f"/api/downloads/{album.infohash}", json={"remove_data": with_data})

    assert answer == {"removed": True, "infohash": album.infohash}
    assert error_of(again) == UNKNOWN
    assert (album.folder / "album").exists() is is_left


async def test_a_removal_that_fails_says_what_failed(start, mount_disk):
    disk = mount_disk("disk", "size=1m")
    torrent = make_torrent(disk, b"x" * 40_000, name="film")
    async with start(download_defaults={"saveas": str(disk)}) as daemon:
        await put_file(daemon, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        await asyncio.to_thread(subprocess.run, ["/bin/mount", "-o", "remount,ro", disk], check=True)
        answer = await daemon.request("DELETE", f"/api/downloads/{torrent.infohash}", json={"remove_data": True})

    status, text = error_of(answer)
    assert (status, text.partition(": ")[0]) == (500, "EngineError")
    assert "Read-only file system" in text
    assert (disk / "film").exists()


async def test_whether_files_go_has_to_be_said(start, album):
    async with start() as daemon:
        await put_file(daemon, album)
        for body in (None, b"", b"{}"):
            answer = await daemon.request("DELETE", f"/api/downloads/{GONE}", data=body)
            assert error_of(answer) == (400, "remove_data parameter missing")
        odd = error_of(await daemon.request("DELETE", f"/api/downloads/{GONE}", json={"remove_data": "perhaps"}))

        assert await listed(daemon, album.infohash)
    assert odd[0] == 400


async def test_a_torrent_of_version_2_is_also_named_by_its_whole_hash(start, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 40_000, version=TorrentVersion.V2)
    async with start() as daemon:
        await put_file(daemon, torrent)
        metainfo = await service(daemon, Downloads).metainfo(torrent.infohash)
        path = f"/api/downloads/{metainfo.infohash_v2}"
        files = await daemon.get(f"{path}/files")
        changed = await daemon.patch(path, json={"state": "stop"})
        removed = await daemon.delete(path, json={"remove_data": False})

    assert len(metainfo.infohash_v2) == 64
    assert (files["infohash"], len(files["files"])) == (metainfo.infohash_v2, 1)
    assert changed["infohash"] == removed["infohash"] == torrent.infohash == metainfo.infohash_v2[:40]
