"""The API's rules, row by row, as a client meets them."""

import pytest

from tests.plugins.downloads.conftest import TORRENT_TYPE, item_of, upload, wait_for_status
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

UNKNOWN = "cd" * 20


@pytest.fixture
def torrent(tmp_path):
    """Offer a torrent that nobody seeds."""
    return make_torrent(tmp_path, {"a.bin": b"a" * 20_000, "b.bin": b"b" * 20_000}, name="album")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "uri parameter missing"),
        ({"uri": ""}, 400, "uri parameter missing"),
        ({"uri": None}, 400, "uri parameter missing"),
        ({"uri": "gopher://x"}, 500, "invalid uri"),
        ({"uri": "nothing"}, 500, "invalid uri"),
        ({"uri": "magnet:?dn=x"}, 500, "Missing infohash"),
        ({"uri": "magnet:?xt=urn:btih:zz"}, 500, "Missing infohash"),
        ({"uri": "file:///nowhere/x.torrent"}, 500, "Cannot read /nowhere/x.torrent: No such file or directory"),
        ({"uri": "file:///dev/zero"}, 500, "/dev/zero is not a regular file"),
        ({"uri": "file://[x"}, 500, None),
        ({"uri": "http://[::1"}, 500, None),
        ({"uri": "http://127.0.0.1:99999/"}, 500, None),
        ({"uri": f"magnet:?xt=urn:btih:{UNKNOWN}", "destination": "/nowhere/\0"}, 400, None),
        ({"uri": f"magnet:?xt=urn:btih:{UNKNOWN}", "destination": "/nowhere" + "/a" * 5000}, 500, None),
        ({"uri": 7}, 400, None),
        ({"uri": "magnet:?", "anon_hops": "many"}, 400, None),
        ({"uri": "magnet:?", "destination": 7}, 400, None),
        ({"uri": "magnet:?", "selected_files": 7}, 400, None),
        ({"uri": "magnet:?", "anon_hops": 4, "safe_seeding": True}, 400, "anon_hops must be in the range 0..3"),
        ({"uri": "magnet:?", "anon_hops": 1}, 400, "Cannot set anonymous download without safe seeding enabled"),
        (
            {"uri": "magnet:?", "anon_hops": 1, "safe_seeding": 0},
            400,
            "Cannot set anonymous download without safe seeding enabled",
        ),
    ],
)
async def test_what_cannot_be_added_is_refused_with_the_documented_text(start_downloads, body, status, error):
    async with start_downloads() as daemon:
        answer = await daemon.put("/downloads", json=body, status=status)

        assert (await daemon.get("/downloads"))["downloads"] == []
    assert answer.keys() == {"error"}
    assert answer["error"] == error if error else answer["error"]


async def test_null_stands_for_nothing_and_too_few_hops_for_none(start_downloads, torrent):
    body = {"uri": torrent.magnet, "anon_hops": None, "destination": None, "selected_files": None}
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={**body, "safe_seeding": None})
        await daemon.put("/downloads", json={**body, "uri": f"magnet:?xt=urn:btih:{UNKNOWN}", "anon_hops": -1})

        items = (await daemon.get("/downloads"))["downloads"]

    assert [(item["hops"], item["anon_download"]) for item in items] == [(0, False)] * 2
    assert items[1]["name"] == "Unknown name"


async def test_indices_that_no_torrent_has_are_dropped(start_downloads, torrent):
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": torrent.magnet, "selected_files": [-1, 1 << 70]})
        await upload(daemon, torrent, selected_files="-5,1,99999999999999999999")

        assert len((await daemon.get("/downloads"))["downloads"]) == 1


async def test_an_anonymous_download_waits_for_the_tunnels_and_leaves_nothing_behind(start_downloads, torrent):
    body = {"uri": torrent.magnet, "anon_hops": 1, "safe_seeding": True}
    async with start_downloads() as daemon:
        answer = await daemon.put("/downloads", json=body, status=400)
        listed = (await daemon.get("/downloads"))["downloads"]
        await upload(daemon, torrent)
        change = await daemon.patch(f"/downloads/{torrent.infohash}", json={"anon_hops": 2}, status=500)
        item = await item_of(daemon, torrent.infohash)

    need = "Anonymous downloads need the tunnels plugin; there is no session of"
    way_out = "Turn it on, GET /plugins/tunnels tells what it lacks; or set anon_hops to 0"
    assert answer["error"] == f"{need} 1 hop. {way_out}"
    assert change["error"] == {"handled": True, "code": "NoTunnelsError", "message": f"{need} 2 hops"}
    assert listed == []
    assert item["hops"] == 0


async def test_an_upload_that_is_no_torrent_is_refused(start_downloads, torrent):
    async with start_downloads() as daemon:
        rubbish = await daemon.put("/downloads", data=b"rubbish", headers=TORRENT_TYPE, status=500)
        empty = await daemon.put("/downloads", data=b"", headers=TORRENT_TYPE, status=500)
        hops = await daemon.put("/downloads?anon_hops=x", data=torrent.metainfo, headers=TORRENT_TYPE, status=400)
        other = await daemon.put(
            "/downloads", data=torrent.metainfo, headers={"Content-Type": "applications/x-bittorrent"}
        )

    assert rubbish["error"]
    assert empty["error"]
    assert hops["error"] == "anon_hops: expected int, got 'x'"
    assert other["started"] is True


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"anon_hops": 0, "state": "stop"}, 400, "anon_hops must be the only parameter in this request"),
        ({"anon_hops": 0, "state": None}, 400, "anon_hops must be the only parameter in this request"),
        ({"anon_hops": 0, "unknown": 1}, 400, "anon_hops must be the only parameter in this request"),
        ({"anon_hops": 4}, 400, "anon_hops must be in the range 0..3"),
        ({"anon_hops": -1}, 400, "anon_hops must be in the range 0..3"),
        ({"selected_files": [2]}, 400, "index out of range"),
        ({"selected_files": [-1]}, 400, "index out of range"),
        ({"selected_files": [2], "state": "dance"}, 400, "index out of range"),
        ({"selected_files": [2], "upload_limit": -2}, 400, "index out of range"),
        ({"selected_files": [0, "x"]}, 400, None),
        ({"selected_files": [0], "state": "dance"}, 400, "unknown state parameter"),
        ({"state": "dance"}, 400, "unknown state parameter"),
        ({"state": "move_storage"}, 400, "dest_dir parameter missing"),
        ({"state": "move_storage", "dest_dir": "/nowhere/x"}, 400, "Target directory (/nowhere/x) does not exist"),
        ({"state": "move_storage", "dest_dir": "."}, 400, "Target directory (.) does not exist"),
        ({"state": "move_storage", "dest_dir": "/nowhere" + "/a" * 5000}, 400, None),
        ({"state": "move_storage", "dest_dir": "/nowhere/\0"}, 400, None),
        ({"selected_files": [1 << 70]}, 400, "index out of range"),
        ({"queue_position": {}}, 400, "invalid value for queue_position"),
        ({"queue_position": "queue_left"}, 400, "invalid value for queue_position"),
        ({"auto_managed": "perhaps"}, 400, "invalid value for auto_managed"),
        ({"upload_limit": -2}, 400, "upload_limit must be -1 or bytes per second"),
        (
            {"download_limit": 2**31},
            400,
            "download_limit must be at most 2147483647 bytes per second; -1 is unlimited",
        ),
        ({"seeding_ratio": -0.5}, 400, "seeding_ratio must be finite and not negative"),
        ({"seeding_ratio": "inf"}, 400, "seeding_ratio must be finite and not negative"),
        ({"seeding_ratio": "nan"}, 400, "seeding_ratio must be finite and not negative"),
    ],
)
async def test_what_cannot_be_changed_is_refused_with_the_documented_text(
    start_downloads, torrent, body, status, error
):
    async with start_downloads() as daemon:
        await upload(daemon, torrent)

        answer = await daemon.patch(f"/downloads/{torrent.infohash}", json=body, status=status)

    assert answer["error"] == error if error else answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": ""},
        {"state": None},
        {"anon_hops": 0},
        {"selected_files": [0]},
        {"selected_files": [1, 0], "state": "stop"},
        {"selected_files": []},
        {"state": "recheck"},
        {"upload_limit": 0, "download_limit": None},
        {"upload_limit": 1000, "download_limit": -1},
        {"upload_limit": 2**31 - 1},
        {"seeding_ratio": 2, "seeding_ratio_default": 1},
        {"queue_position": "queue_top"},
        {"auto_managed": 1},
        {"unknown": 1},
    ],
)
async def test_what_can_be_changed_is(start_downloads, torrent, body):
    async with start_downloads() as daemon:
        await upload(daemon, torrent)

        answer = await daemon.patch(f"/downloads/{torrent.infohash}", json=body)

    assert answer == {"modified": True, "infohash": torrent.infohash}


async def test_every_index_is_out_of_range_while_the_metadata_are_unknown(start_downloads):
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{UNKNOWN}"})

        some = await daemon.patch(f"/downloads/{UNKNOWN}", json={"selected_files": [0]}, status=400)
        await daemon.patch(f"/downloads/{UNKNOWN}", json={"selected_files": []})
        files = await daemon.get(f"/downloads/{UNKNOWN}/files")
        torrent = await daemon.get(f"/downloads/{UNKNOWN}/torrent", status=404)

    assert some["error"] == "index out of range"
    assert files == {"infohash": UNKNOWN, "files": []}
    assert torrent == {"error": "this download does not exist"}


async def test_pad_files_cannot_be_selected(start_downloads, tmp_path):
    files = {"a": b"a" * 20_000, "b": b"b" * 20_000, "c": b"c" * 20_000}
    torrent = make_torrent(tmp_path, files, name="album", version=TorrentVersion.HYBRID)
    path = f"/downloads/{torrent.infohash}"
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        shown = {file["index"] for file in (await daemon.get(f"{path}/files"))["files"]}
        pads = set(range(max(shown))) - shown

        for pad in pads:
            answer = await daemon.patch(path, json={"selected_files": [0, pad]}, status=400)
            assert answer == {"error": "index out of range"}
        untouched = await included(daemon, path)
        await daemon.patch(path, json={"selected_files": sorted(shown)[1:]})
        all_but_one = await included(daemon, path)
        await daemon.patch(path, json={"selected_files": sorted(shown)})
        everything = await included(daemon, path)

    assert len(pads) == 2
    assert untouched == everything == [True, True, True]
    assert all_but_one == [False, True, True]


async def included(daemon, path):
    """Return for each file whether it is wanted."""
    return [file["included"] for file in (await daemon.get(f"{path}/files"))["files"]]


@pytest.mark.parametrize(
    ("method", "path", "json", "error"),
    [
        ("PATCH", "", {"vod_mode": 3}, "this download does not exist"),
        ("DELETE", "", {"remove_data": False}, "this download does not exist"),
        ("GET", "/files", None, "this download does not exist"),
        ("GET", "/torrent", None, "this download does not exist"),
    ],
)
async def test_an_unknown_download_is_not_found_and_a_wrong_infohash_is_refused(
    start_downloads, method, path, json, error
):
    async with start_downloads() as daemon:
        unknown = await daemon.call(method, f"/downloads/{UNKNOWN}{path}", json=json, status=404)
        wrong = await daemon.call(method, f"/downloads/xyz{path}", json=json, status=400)

    assert unknown == {"error": error}
    assert wrong == {"error": "Invalid infohash"}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"remove_data": null}'])
async def test_a_removal_says_first_what_is_missing(start_downloads, body):
    async with start_downloads() as daemon:
        answers = [await daemon.delete(f"/downloads/{name}", data=body, status=400) for name in (UNKNOWN, "zz")]

    for answer in answers:
        assert (
            answer["error"].startswith("remove_data")
            if body.endswith(b"null}")
            else (answer["error"] == "remove_data parameter missing")
        )


@pytest.mark.parametrize("remove_data", [2, 1.0, "x", []])
async def test_data_are_not_removed_on_a_word_that_is_no_flag(start_downloads, torrent, remove_data):
    async with start_downloads() as daemon:
        await upload(daemon, torrent)

        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": remove_data}, status=400)

        assert await item_of(daemon, torrent.infohash)


async def test_stop_and_resume_are_kept(start_downloads, torrent):
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        await wait_for_status(daemon, torrent.infohash, "STOPPED")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})

        item = await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")

    assert item["error"] == ""


async def test_an_error_stops_a_download_and_resuming_forgets_it(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "film").mkdir()  # where the file belongs
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        broken = await wait_for_status(daemon, torrent.infohash, "STOPPED_ON_ERROR")
        (tmp_path / "saved" / "film").rmdir()
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})

        item = await wait_for_status(daemon, torrent.infohash, "DOWNLOADING", "SEEDING")

    assert broken["error"].startswith("'")
    assert item["error"] == ""
