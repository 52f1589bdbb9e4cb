"""Whole downloads, from a real peer on 127.0.0.1."""

import asyncio
import base64
import random

import pytest

from tests.plugins.downloads.conftest import connect, item_of, service, upload, wait_for_status
from triblerd.events import Event
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads, TorrentFinished, TorrentStatusChanged
from triblerd_libtorrent.api import TorrentChecked, TorrentEngine
from triblerd_libtorrent.testing import TorrentVersion


async def test_a_magnet_link_is_downloaded_and_then_seeded(start_downloads, seeder, tmp_path):
    content = random.Random(1).randbytes(500_000)
    torrent = seeder.seed_new(content, name="film.mkv")
    async with start_downloads() as daemon:
        answer = await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert answer == {"started": True, "infohash": torrent.infohash}
    assert (item["name"], item["size"], item["progress"]) == ("film.mkv", 500_000, 1.0)
    assert item["total_down"] >= 500_000
    assert item["ratio"] >= 0
    assert [tracker["url"] for tracker in item["trackers"]] == ["[DHT]", "[PeX]"]
    assert (tmp_path / "saved" / "film.mkv").read_bytes() == content


async def test_an_uploaded_torrent_file_is_downloaded(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new({"a.bin": b"a" * 40_000, "b/c.bin": b"c" * 50_000}, name="album")
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        files = await daemon.get(f"/downloads/{torrent.infohash.upper()}/files")

    assert files == {
        "infohash": torrent.infohash.upper(),
        "files": [
            {"index": 0, "name": "a.bin", "size": 40_000, "included": True, "progress": 1.0},
            {"index": 1, "name": "b/c.bin", "size": 50_000, "included": True, "progress": 1.0},
        ],
    }
    assert (tmp_path / "saved" / "album" / "b" / "c.bin").read_bytes() == b"c" * 50_000


@pytest.mark.parametrize("version", [TorrentVersion.V1, TorrentVersion.V2, TorrentVersion.HYBRID])
async def test_all_generations_of_torrents_are_downloaded(start_downloads, seeder, version):
    torrent = seeder.seed_new({"a.bin": b"a" * 40_000, "b.bin": b"b" * 50_000}, name="album", version=version)
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)

        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")
        answer = await daemon.request("GET", f"/downloads/{torrent.infohash}/torrent")
        files = (await daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]

    assert item["size"] == 90_000
    assert answer.body == torrent.metainfo
    assert answer.headers["content-type"] == "application/x-bittorrent"
    assert answer.headers["content-disposition"] == f'attachment; filename="{torrent.infohash}.torrent"'
    assert [file["name"] for file in files] == ["a.bin", "b.bin"]  # without pad files


async def test_only_selected_files_are_downloaded(start_downloads, seeder, tmp_path):
    files = {name: name[:1].encode() * 64 * 1024 for name in ("a.bin", "b.bin", "c.bin")}
    torrent = seeder.seed_new(files, name="album")
    async with start_downloads() as daemon:
        await upload(daemon, torrent, selected_files="1,99")
        await connect(daemon, seeder, torrent)

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        listed = (await daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": []})
        await wait_for((tmp_path / "saved" / "album" / "c.bin").exists)
        all_listed = (await daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]

    assert [(file["included"], file["progress"]) for file in listed] == [(False, 0.0), (True, 1.0), (False, 0.0)]
    assert [file["included"] for file in all_listed] == [True, True, True]


async def test_a_selection_made_on_a_magnet_link_holds_when_its_files_are_known(start_downloads, seeder, tmp_path):
    files = {name: name[:1].encode() * 64 * 1024 for name in ("a.bin", "b.bin")}
    torrent = seeder.seed_new(files, name="album")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent), "selected_files": [1, 7]})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        listed = (await daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]

    assert [file["included"] for file in listed] == [False, True]
    assert (tmp_path / "saved" / "album" / "b.bin").read_bytes() == b"b" * 64 * 1024


async def test_a_finished_download_and_its_states_are_told_once(start_downloads, seeder):
    torrent = seeder.seed_new(b"x" * 200_000, name="film")
    async with start_downloads() as daemon:
        heard: list[Event] = []
        unlisten = daemon.daemon.container.bus().listen(heard.append, TorrentFinished, TorrentStatusChanged)
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        checked: list[TorrentChecked] = []
        service(daemon, TorrentEngine).listen(TorrentChecked, checked.append)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})
        await wait_for(lambda: checked, what="the check")
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        await wait_for(lambda: states(heard)[-1] == "STOPPED", what="the stop")
        unlisten()

    finished = TorrentFinished(infohash=torrent.infohash, name="film", hidden=False)
    assert [event for event in heard if isinstance(event, TorrentFinished)] == [finished]
    assert states(heard)[-2:] == ["SEEDING", "STOPPED"]


async def test_a_stopped_download_is_stopped_again_after_a_recheck(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 200_000, name="film")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        await wait_for_status(daemon, torrent.infohash, "STOPPED")
        (tmp_path / "saved" / "film").write_bytes(b"y" * 200_000)

        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})

        async def found_out():
            item = await item_of(daemon, torrent.infohash)
            return item["status"] == "STOPPED" and item["progress"] == 0

        await wait_for(found_out)


@pytest.mark.parametrize(("before", "after"), [("stop", "STOPPED"), ("resume", "SEEDING")])
async def test_a_recheck_minds_what_was_wanted_a_moment_before(start_downloads, seeder, before, after):
    torrent = seeder.seed_new(b"x" * 200_000, name="film")
    path = f"/downloads/{torrent.infohash}"
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        if before == "resume":
            await daemon.patch(path, json={"state": "stop"})
            await wait_for_status(daemon, torrent.infohash, "STOPPED")
        checked: list[TorrentChecked] = []
        service(daemon, TorrentEngine).listen(TorrentChecked, checked.append)

        await daemon.patch(path, json={"state": before})
        await daemon.patch(path, json={"state": "recheck"})
        await wait_for(lambda: checked, what="the check")

        async def found_out():
            item = await item_of(daemon, torrent.infohash)
            return (item["status"], item["progress"]) == (after, 1)

        await wait_for(found_out)


async def test_a_download_that_is_mended_after_a_stop_is_told_to_be_finished_again(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(random.Random(5).randbytes(200_000), name="film")
    path = f"/downloads/{torrent.infohash}"
    async with start_downloads() as daemon:
        heard: list[Event] = []
        unlisten = daemon.daemon.container.bus().listen(heard.append, TorrentFinished)
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(path, json={"state": "stop"})
        await wait_for_status(daemon, torrent.infohash, "STOPPED")
        with (tmp_path / "saved" / "film").open("r+b") as file:
            file.write(b"damaged")
        await daemon.patch(path, json={"state": "recheck"})

        async def is_damaged():
            item = await item_of(daemon, torrent.infohash)
            return item["status"] == "STOPPED" and item["progress"] < 1

        await wait_for(is_damaged)
        first = len(heard)
        await daemon.patch(path, json={"state": "resume"})
        await connect(daemon, seeder, torrent)

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await wait_for(lambda: len(heard) > first, what="the second end")
        unlisten()

    assert (first, len(heard)) == (1, 2)


async def test_safe_seeding_that_cannot_be_is_said_once(start_downloads, seeder, caplog):
    safe, plain = (seeder.seed_new(name.encode() * 30_000, name=name) for name in ("safe", "plain"))
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(safe), "safe_seeding": True})
        await daemon.put("/downloads", json={"uri": seeder.magnet(plain)})
        for infohash in (safe.infohash, plain.infohash):
            await wait_for_status(daemon, infohash, "SEEDING")
        await daemon.patch(f"/downloads/{safe.infohash}", json={"state": "stop"})
        await wait_for_status(daemon, safe.infohash, "STOPPED")
        await daemon.patch(f"/downloads/{safe.infohash}", json={"state": "resume"})
        await wait_for_status(daemon, safe.infohash, "SEEDING")

    said = [record.getMessage() for record in caplog.records if "safe seeding" in record.getMessage()]
    assert said == [f"{safe.infohash} is seeded without anonymity, although safe seeding was asked for"]


async def test_files_move_and_are_served_from_their_new_place(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 200_000, name="film")
    archive = tmp_path / "archive"
    archive.mkdir()
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        answer = await daemon.patch(
            f"/downloads/{torrent.infohash}", json={"state": "move_storage", "dest_dir": str(archive)}
        )
        await wait_for(lambda: (archive / "film").exists() and not (tmp_path / "saved" / "film").exists())
        item = await item_of(daemon, torrent.infohash)

    assert answer == {"modified": True, "infohash": torrent.infohash}
    assert item["destination"] == str(archive)
    async with start_downloads() as daemon:
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")
    assert (item["destination"], item["progress"]) == (str(archive), 1.0)


async def test_a_download_is_removed_with_its_files_and_nothing_else(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new({"a.bin": b"a" * 40_000, "b/c.bin": b"c" * 50_000}, name="album")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        (tmp_path / "saved" / "album" / "mine.txt").write_text("keep")

        answers = await asyncio.gather(
            *(daemon.request("DELETE", f"/downloads/{torrent.infohash}", json={"remove_data": True}) for _ in range(2))
        )
        listed = (await daemon.get("/downloads"))["downloads"]

    assert sorted(answer.status for answer in answers) in ([200, 200], [200, 404])
    assert answers[0].json() == {"removed": True, "infohash": torrent.infohash}
    assert listed == []
    assert [path.name for path in (tmp_path / "saved").rglob("*")] == ["album", "mine.txt"]


async def test_a_removed_download_stays_removed_and_its_files_stay_unless_asked(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": 0})
    async with start_downloads() as daemon:
        listed = await daemon.get("/downloads")

    assert listed == {"downloads": [], "checkpoints": {"total": 0, "loaded": 0, "all_loaded": True}}
    assert (tmp_path / "saved" / "film").exists()


async def test_everything_is_there_after_a_restart(start_downloads, seeder, tmp_path):
    torrents = [
        seeder.seed_new({"a.bin": bytes([n]) * 30_000, "b.bin": b"b" * 30_000}, name=f"album{n}") for n in range(5)
    ]
    archive = str(tmp_path / "archive")
    async with start_downloads() as daemon:
        for torrent in torrents:
            await upload(daemon, torrent, destination=archive)
        first, second, third, *_ = torrents
        await daemon.patch(f"/downloads/{first.infohash}", json={"state": "stop"})
        await daemon.patch(
            f"/downloads/{second.infohash}",
            json={"selected_files": [1], "upload_limit": 1000, "download_limit": 2000, "seeding_ratio": 1.5},
        )
        await daemon.patch(f"/downloads/{third.infohash}", json={"auto_managed": True, "queue_position": "queue_top"})
        before = (await daemon.get("/downloads"))["downloads"]
    async with start_downloads() as daemon:
        listed = await daemon.get("/downloads")
        downloads = service(daemon, Downloads)
        await wait_for(lambda: all(download.status for download in downloads.all()), what="the engine to have all")
        files = (await daemon.get(f"/downloads/{second.infohash}/files"))["files"]
        record = downloads.get(second.infohash).record
        stopped = await item_of(daemon, first.infohash)

    assert [item["infohash"] for item in listed["downloads"]] == [item["infohash"] for item in before]
    assert listed["checkpoints"] == {"total": 5, "loaded": 5, "all_loaded": True}
    assert all(item["destination"] == archive and item["size"] == 60_000 for item in listed["downloads"])
    assert [file["included"] for file in files] == [False, True]
    assert (record.upload_limit, record.download_limit, record.seeding_ratio) == (1000, 2000, 1.5)
    assert downloads.get(third.infohash).record.auto_managed
    assert stopped["status"] == "STOPPED"


async def test_adding_again_merges_trackers_and_changes_nothing_else(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    urls = [f"http://127.0.0.1:9/{n}" for n in range(3)]
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        answers = await asyncio.gather(
            *(
                daemon.put(
                    "/downloads", json={"uri": f"{torrent.magnet}&tr={url}", "destination": str(tmp_path / "no")}
                )
                for url in urls
            )
        )
        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        item = await item_of(daemon, torrent.infohash)
        listed = (await daemon.get("/downloads"))["downloads"]

    assert answers == [{"started": True, "infohash": torrent.infohash, "existed": True}] * 3
    assert {tracker["url"] for tracker in item["trackers"]} == {*urls, "[DHT]", "[PeX]"}
    assert item["destination"] == str(tmp_path / "saved")
    assert len(listed) == 1
    assert not (tmp_path / "no").exists()


async def test_peers_and_pieces_are_shown_on_request(start_downloads, seeder):
    seeder.limit(100_000)
    torrent = seeder.seed_new(random.Random(2).randbytes(3_000_000), name="film")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")

        async def with_peers():
            item = await item_of(daemon, torrent.infohash, get_peers=1, get_pieces=1, get_files=1)
            return item if item["peers"] else None

        item = await wait_for(with_peers)
        plain = await item_of(daemon, torrent.infohash, get_peers=0)
        other = await item_of(daemon, torrent.infohash, get_peers=1, infohash="0" * 40)

    (peer,) = item["peers"]
    assert (peer["ip"], peer["port"], peer["seed"], peer["direction"]) == ("127.0.0.1", seeder.port, True, "L")
    assert len(base64.b64decode(item["pieces"])) == (item["total_pieces"] + 7) // 8
    assert item["files"][0]["name"] == "film"
    assert not {"peers", "pieces", "files"} & (plain.keys() | other.keys())


async def test_a_download_stops_when_it_has_seeded_enough(start_downloads, seeder):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    async with start_downloads(download_defaults={"seeding_mode": "never"}) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        async def done():
            item = await item_of(daemon, torrent.infohash)
            return item["status"] == "STOPPED" and item["progress"] == 1

        await wait_for(done)
        record = service(daemon, Downloads).get(torrent.infohash).record

    assert record.has_seeded_enough
    assert not record.user_stopped


async def test_a_download_stops_after_its_time_of_seeding(start_downloads, seeder):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    defaults = {"seeding_mode": "time", "seeding_time": 1}
    async with start_downloads(download_defaults=defaults, downloads={"limits_interval": 0.2}) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        item = await wait_for_status(daemon, torrent.infohash, "STOPPED")

    assert item["progress"] == 1


async def test_a_missing_destination_is_made_and_a_bad_one_refused(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    (tmp_path / "file").write_text("")
    async with start_downloads() as daemon:
        relative = await daemon.put("/downloads", json={"uri": torrent.magnet, "destination": "here"}, status=400)
        blocked = await daemon.put(
            "/downloads", json={"uri": torrent.magnet, "destination": str(tmp_path / "file" / "x")}, status=500
        )
        nothing = (await daemon.get("/downloads"))["downloads"]
        await daemon.put("/downloads", json={"uri": torrent.magnet, "destination": str(tmp_path / "new" / "deep")})

    assert "absolute" in relative["error"]
    assert "Cannot create" in blocked["error"]
    assert nothing == []
    assert (tmp_path / "new" / "deep").is_dir()


def states(events):
    """Return the states that were told, in order."""
    return [event.status for event in events if isinstance(event, TorrentStatusChanged)]


@pytest.mark.parametrize("how", ["select", "play"])
async def test_more_files_are_fetched_from_a_seeder_that_was_left_a_while_ago(start_downloads, seeder, how):
    files = {name: random.Random(name).randbytes(200_000) for name in ("a", "b")}
    torrent = seeder.seed_new(files, name="album")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent), "selected_files": [0]})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await wait_for(lambda: is_alone(daemon, torrent.infohash))
        await wait_for(lambda: not is_eager(daemon), limit_seconds=15)

        if how == "select":
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": []})
            await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        else:
            answer = await asyncio.wait_for(daemon.request("GET", f"/downloads/{torrent.infohash}/stream/1"), 15)
            assert answer.body == files["b"]


async def is_alone(daemon, infohash):
    item = await item_of(daemon, infohash)
    return item and not item["num_connected_seeds"]


def is_eager(daemon):
    """Return whether the session still meets peers again within a minute, as it does after an add."""
    return service(daemon, TorrentEngine)._sites[0].session._tcp_first is not None
