"""``/api/downloads/{infohash}``: torrent file, files, streams."""

from tests.contrib.tribler8.downloads.conftest import GONE, error_of, put_file, wait_for_state
from tests.plugins.downloads.conftest import connect
from triblerd_libtorrent.api import bdecode_dictionary
from triblerd_libtorrent.testing import make_torrent

UNKNOWN = (404, "this download does not exist")


async def test_files_are_listed_flat_with_the_infohash_as_it_was_sent(start, album):
    sent = album.infohash.upper()
    async with start() as daemon:
        await put_file(daemon, album)
        answer = await daemon.get(f"/api/downloads/{sent}/files", params={"view_start_path": ""})
        missing = error_of(await daemon.request("GET", f"/api/downloads/{GONE}/files"))
        nonsense = error_of(await daemon.request("GET", "/api/downloads/x/files"))

    assert answer == {
        "infohash": sent,
        "files": [
            {"index": 0, "name": "a.mkv", "size": 20_000, "included": True, "progress": 0.0},
            {"index": 1, "name": "b.bin", "size": 20_000, "included": True, "progress": 0.0},
        ],
    }
    assert missing == UNKNOWN
    assert nonsense == (400, "Invalid infohash")


async def test_a_client_that_has_the_files_is_not_sent_them_again_until_they_change(start, seeder):
    torrent = seeder.seed_new({"a.bin": b"a" * 50_000, "b.bin": b"b" * 50_000})
    path = f"/api/downloads/{torrent.infohash}"
    async with start() as daemon:
        await put_file(daemon, torrent)
        first = await daemon.request("GET", f"{path}/files")
        known = {"If-None-Match": first.headers["etag"]}
        same = await daemon.request("GET", f"{path}/files", headers=known)
        await daemon.patch(path, json={"selected_files": [0]})
        selected = await daemon.request("GET", f"{path}/files", headers=known)
        await connect(daemon, seeder, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        half = await daemon.request("GET", f"{path}/files", headers=known)
        await daemon.patch(path, json={"selected_files": [0, 1]})
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        whole = await daemon.request("GET", f"/downloads/{torrent.infohash}/files", headers=known)

    assert (same.status, same.body) == (304, b"")
    assert [file["included"] for file in selected.json()["files"]] == [True, False]
    assert half.json()["files"][0]["progress"] == 1
    assert [file["included"] for file in whole.json()["files"]] == [True, True]


async def test_the_torrent_file_has_its_trackers_in_tiers(start, tmp_path):
    trackers = ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
    torrent = make_torrent(tmp_path, b"x" * 20_000, trackers=trackers)
    async with start() as daemon:
        await put_file(daemon, torrent)
        await daemon.put("/api/downloads", json={"uri": f"magnet:?xt=urn:btih:{GONE}"})
        answer = await daemon.request("GET", f"/api/downloads/{torrent.infohash}/torrent")
        refused = [error_of(await daemon.request("GET", f"/api/downloads/{one}/torrent")) for one in (GONE, "0" * 40)]

    assert answer.headers["content-type"] == "application/x-bittorrent"
    assert answer.headers["content-disposition"] == f'attachment; filename="{torrent.infohash}.torrent"'
    assert bdecode_dictionary(answer.body)[0][b"announce-list"] == [[one.encode()] for one in trackers]
    assert refused == [UNKNOWN] * 2


async def test_a_file_is_streamed_whole_and_in_parts(start, seeder):
    content = bytes(range(250)) * 400
    torrent = seeder.seed_new({"a.mkv": content, "b.bin": b"b"})
    path = f"/api/downloads/{torrent.infohash}/stream"
    async with start() as daemon:
        await put_file(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        whole = await daemon.request("GET", f"{path}/0")
        last = await daemon.request("GET", f"{path}/0", headers={"Range": "bytes=-10"})
        beyond = await daemon.request("GET", f"{path}/0", headers={"Range": "bytes=100000-"})
        head = await daemon.request("HEAD", f"{path}/0")
        out_of_range = error_of(await daemon.request("GET", f"{path}/2"))
        nonsense = error_of(await daemon.request("GET", f"{path}/x"))

    assert (whole.status, whole.body, whole.headers["content-type"]) == (200, content, "video/x-matroska")
    assert (last.status, last.body) == (206, content[-10:])
    assert last.headers["content-range"] == "bytes 99990-99999/100000"
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */100000")
    assert (head.status, head.headers["content-length"], head.body) == (200, "100000", b"")
    assert out_of_range == UNKNOWN
    assert nonsense[0] == 400
