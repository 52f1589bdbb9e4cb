"""The directory for incomplete downloads, and the move at the end."""

import random
from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import connect, item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentChecked, TorrentEngine
from triblerd_libtorrent.testing import make_torrent

CONTENT = random.Random(8).randbytes(600_000)


@pytest.fixture
def incomplete(tmp_path):
    """Where downloads are until they are complete."""
    return tmp_path / "incomplete"


@pytest.fixture
def saved(tmp_path):
    """Where they end."""
    return tmp_path / "saved"


@pytest.fixture
def start(start_downloads, incomplete):
    """Run a daemon with a directory for incomplete downloads; further settings by section."""

    @asynccontextmanager
    async def start(**config):
        async with start_downloads(downloads={"incomplete_dir": str(incomplete)}, **config) as daemon:
            yield daemon

    return start


async def wait_until_moved(daemon, infohash, folder):
    """Wait until a complete download is in a directory; return its row."""

    async def is_moved():
        item = await item_of(daemon, infohash)
        return item if item["destination"] == str(folder) and item["status"] == "SEEDING" else None

    return await wait_for(is_moved)


async def wait_for_error(daemon, infohash):
    """Wait until a complete download has an error; return its row."""

    async def has_error():
        item = await item_of(daemon, infohash)
        return item if item["error"] and item["status"] == "SEEDING" else None

    return await wait_for(has_error)


async def test_a_download_is_in_the_incomplete_directory_until_it_is_complete(start, seeder, incomplete, saved):
    torrent = seeder.seed_new({"a": CONTENT, "b": b"b" * 1000}, name="album")
    seeder.limit(100_000)
    async with start() as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        before = await item_of(daemon, torrent.infohash)
        await wait_for((incomplete / "album").exists)
        seeder.limit(0)
        item = await wait_until_moved(daemon, torrent.infohash, saved)
        await wait_for(lambda: not (incomplete / "album").exists())

    assert (before["destination"], before["completed_dir"]) == (str(incomplete), str(saved))
    assert (saved / "album" / "a").read_bytes() == CONTENT
    assert item["error"] == ""


async def test_files_that_are_at_the_destination_already_are_used_there(start, tmp_path, incomplete):
    torrent = make_torrent(tmp_path, CONTENT, name="film")
    async with start() as daemon:
        await upload(daemon, torrent, destination=str(tmp_path))
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert item["destination"] == str(tmp_path)
    assert not incomplete.exists()


async def test_a_magnet_link_finds_its_files_at_the_destination(start, seeder, saved):
    torrent = seeder.seed_new({"a": CONTENT}, name="album")
    make_torrent(saved, {"a": CONTENT}, name="album")
    link = seeder.magnet(torrent).replace("dn=album", "dn=another+name")
    seeder.limit(20_000)
    async with start() as daemon:
        await daemon.put("/downloads", json={"uri": link})
        item = await wait_until_moved(daemon, torrent.infohash, saved)

    assert (item["name"], item["error"]) == ("album", "")
    assert item["total_down"] < len(CONTENT) / 2
    assert (saved / "album" / "a").read_bytes() == CONTENT


async def test_what_completes_by_another_selection_is_moved_and_stays_when_more_is_selected(start, seeder, saved):
    torrent = seeder.seed_new({"a": CONTENT, "b": CONTENT}, name="album")
    async with start() as daemon:
        await upload(daemon, torrent, selected_files="0")
        await connect(daemon, seeder, torrent)
        await wait_until_moved(daemon, torrent.infohash, saved)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": []})
        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        await connect(daemon, seeder, torrent)
        await wait_for((saved / "album" / "b").exists)
        await wait_for(lambda: (saved / "album" / "b").read_bytes() == CONTENT)
        item = await wait_until_moved(daemon, torrent.infohash, saved)

    assert item["error"] == ""


async def test_a_file_of_others_stays_and_the_download_says_so(start, seeder, incomplete, saved):
    torrent = seeder.seed_new(CONTENT, name="film")
    seeder.limit(1)
    async with start() as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        (saved / "film").write_text("mine")
        seeder.limit(0)
        item = await wait_for_error(daemon, torrent.infohash)
        theirs = (saved / "film").read_text()
        (saved / "film").unlink()
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        mended = await wait_until_moved(daemon, torrent.infohash, saved)

    assert item["error"] == repr(f"The files were not moved: {saved / 'film'} exists already")
    assert (item["status"], item["destination"], theirs) == ("SEEDING", str(incomplete), "mine")
    assert mended["error"] == ""
    assert (saved / "film").read_bytes() == CONTENT


async def test_a_full_disk_leaves_the_files_where_they_were_until_there_is_room(start, seeder, incomplete, mount_disk):
    disk = mount_disk("small", "size=1m")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    torrent = seeder.seed_new({"a": CONTENT[:100_000], "b": CONTENT}, name="album")
    async with start() as daemon:
        await upload(daemon, torrent, destination=str(disk))
        await connect(daemon, seeder, torrent)
        item = await wait_for_error(daemon, torrent.infohash)
        left = [path.name for path in disk.rglob("*")]
        stayed = (incomplete / "album" / "b").read_bytes()
        ballast.unlink()
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        mended = await wait_until_moved(daemon, torrent.infohash, disk)

    assert "No space left on device" in item["error"]
    assert (item["status"], item["destination"], left) == ("SEEDING", str(incomplete), ["ballast"])
    assert stayed == CONTENT
    assert mended["error"] == ""


async def test_a_move_that_failed_is_tried_again_at_the_next_start(start, seeder, saved):
    torrent = seeder.seed_new(CONTENT, name="film")
    async with start() as daemon:
        await upload(daemon, torrent)
        (saved / "film").write_text("mine")
        await connect(daemon, seeder, torrent)
        await wait_for_error(daemon, torrent.infohash)
    (saved / "film").unlink()

    async with start() as daemon:
        await wait_until_moved(daemon, torrent.infohash, saved)


async def test_a_destination_that_is_gone_is_made_again_if_it_can_be(start, seeder, tmp_path):
    torrents = [seeder.seed_new(bytes([number]) * 50_000, name=f"film{number}") for number in range(2)]
    gone, blocked = tmp_path / "gone", tmp_path / "blocked"
    seeder.limit(1)
    async with start() as daemon:
        for torrent, folder in zip(torrents, (gone, blocked), strict=True):
            await upload(daemon, torrent, destination=str(folder))
            await connect(daemon, seeder, torrent)
            folder.rmdir()
        blocked.write_text("a file")
        seeder.limit(0)
        await wait_until_moved(daemon, torrents[0].infohash, gone)
        item = await wait_for_error(daemon, torrents[1].infohash)

    assert (gone / "film0").read_bytes() == bytes(50_000)
    assert str(blocked) in item["error"]
    assert item["status"] == "SEEDING"


async def test_a_recheck_moves_nothing(start, seeder, saved, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    archive = tmp_path / "archive"
    archive.mkdir()
    body = {"state": "move_storage", "dest_dir": str(archive)}
    async with start() as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_until_moved(daemon, torrent.infohash, saved)
        await daemon.patch(f"/downloads/{torrent.infohash}", json=body)
        await wait_until_moved(daemon, torrent.infohash, archive)
        checked: list[TorrentChecked] = []
        service(daemon, TorrentEngine).listen(TorrentChecked, checked.append)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})
        await wait_for(lambda: checked)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert (item["destination"], item.get("completed_dir")) == (str(archive), None)
    assert (archive / "film").exists()


async def test_an_incomplete_download_stays_where_it_is_moved_to(start, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    archive = tmp_path / "archive"
    archive.mkdir()
    async with start() as daemon:
        await upload(daemon, torrent)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "move_storage", "dest_dir": str(archive)})
        await connect(daemon, seeder, torrent)
        item = await wait_until_moved(daemon, torrent.infohash, archive)

    assert "completed_dir" not in item
    assert (archive / "film").read_bytes() == CONTENT


async def test_an_incomplete_download_ends_in_the_directory_of_its_new_category(start, seeder, tmp_path, incomplete):
    torrent = seeder.seed_new(CONTENT, name="film")
    films = tmp_path / "films"
    async with start() as daemon:
        await daemon.put("/categories/films", json={"save_path": str(films)})
        await upload(daemon, torrent)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"category": "films", "move_to_category": True})
        before = await item_of(daemon, torrent.infohash)
        await connect(daemon, seeder, torrent)
        await wait_until_moved(daemon, torrent.infohash, films)

    assert (before["destination"], before["completed_dir"]) == (str(incomplete), str(films))


async def test_the_incomplete_directory_lies_within_the_roots(start, tmp_path):
    torrent = make_torrent(tmp_path / "other", CONTENT, name="film")
    async with start(api={"file_roots": [str(tmp_path / "saved")]}) as daemon:
        answer = await daemon.put(
            "/downloads", data=torrent.metainfo, headers={"Content-Type": "application/x-bittorrent"}, status=400
        )

    assert answer["error"].endswith("incomplete is outside of the allowed directories")


async def test_a_relative_incomplete_directory_is_no_setting(start_daemon):
    async with start_daemon("downloads", "settings") as daemon:
        answer = await daemon.post("/settings", json={"downloads": {"incomplete_dir": "here"}}, status=400)

    assert "incomplete_dir" in str(answer["error"])
