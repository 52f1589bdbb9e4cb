"""Directories that are missing, closed, links, or not for us."""

import asyncio
import os
import threading

from tests.contrib.watch_folder.conftest import (
    downloads,
    folder,
    names_in,
    scan,
    wait_for_downloads,
    wait_for_folder,
    watch_of,
)
from tests.plugins.files.conftest import closed, nobody
from triblerd.testing import wait_for

__all__ = ["closed"]

MANUAL = {"check_interval": 3600.0}


async def test_a_directory_that_is_missing_is_picked_up_when_it_comes(start, watched, torrent):
    watched.rmdir()
    async with start("state") as daemon:
        missing = await wait_for_folder(daemon, state="missing")
        state = await daemon.get("/state")

        watched.mkdir()
        (watched / "film.torrent").write_bytes(torrent("film").metainfo)
        await wait_for_downloads(daemon, "film")
        there = await wait_for_folder(daemon, state="watching")

        watched.rename(watched.with_name("away"))
        await wait_for_folder(daemon, state="missing")
        watched.with_name("away").rename(watched)
        (watched / "song.torrent").write_bytes(torrent("song").metainfo)
        await wait_for_downloads(daemon, "film", "song")

    assert state["plugins"]["watch_folder"]["report"] == "0 of 1 directories watched"
    assert (missing["reason"], missing["last_scan"]) == ("There is no such directory", 0)
    assert (there["reason"], there["last_scan"] > 0) == ("", True)


async def test_a_file_is_no_directory(start, watched):
    watched.rmdir()
    watched.write_text("x")
    async with start() as daemon:
        report = await wait_for_folder(daemon, state="missing")

    assert report["reason"] == "It is no directory"


async def test_a_directory_that_is_closed_to_the_daemon_is_said_to_be(start, closed):
    async with start(**MANUAL, directory=str(closed)) as daemon:
        await wait_for_folder(daemon, state="watching")
        with nobody(closed):
            await scan(daemon)
        report = await folder(daemon)

    assert (report["state"], report["reason"]) == ("unreadable", "Permission denied")


async def test_what_is_closed_in_a_directory_is_told_and_the_rest_is_added(start, closed, torrent):
    top = closed.parent
    top.chmod(0o755)
    (closed / "song.torrent").write_bytes(torrent("song").metainfo)
    async with start(**MANUAL, directory=str(top)) as daemon:
        await wait_for_folder(daemon, added=1, waiting=0)
        (top / "film.torrent").write_bytes(torrent("film").metainfo)
        (top / "closed.torrent").write_bytes(torrent("film").metainfo)
        (top / "closed.torrent").chmod(0)
        with nobody(closed):
            found = await scan(daemon)
        problems = {row["path"]: row["error"] for row in (await folder(daemon))["problems"]}
        (top / "closed.torrent").unlink()
        after = await scan(daemon)

    assert {name: row["outcome"] for name, row in found.items()} == {
        "film.torrent": "added",
        "closed.torrent": "failed",
    }
    assert problems == {str(closed): "Permission denied", str(top / "closed.torrent"): "Permission denied"}
    assert after == {}  # the song is still known


async def test_links_are_not_followed_and_hidden_files_not_touched(start, watched, torrent, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film.torrent").write_bytes(torrent().metainfo)
    (watched / "folder").symlink_to(outside)
    (watched / "circle").symlink_to(watched)
    (watched / "film.torrent").symlink_to(outside / "film.torrent")
    (watched / "broken.torrent").symlink_to(outside / "nothing")
    (watched / "._film.torrent").write_bytes(b"what macOS leaves behind")
    (watched / ".unfinished").mkdir()
    (watched / ".unfinished/film.torrent").write_bytes(torrent().metainfo)
    before = sorted(os.walk(tmp_path / "watched"))

    async with start(**MANUAL, settle_time=0) as daemon:
        assert await scan(daemon) == {}
        assert (await folder(daemon))["files"] == 0
        assert await downloads(daemon) == {}

    assert sorted(os.walk(tmp_path / "watched")) == before


async def test_the_directory_itself_may_be_a_link(start, watched, torrent, tmp_path):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    (tmp_path / "link").symlink_to(watched)

    async with start(directory=str(tmp_path / "link"), folders={}) as daemon:
        await wait_for_downloads(daemon, "film")


async def test_a_relative_directory_lies_in_the_state_directory(start, torrent, tmp_path):
    (tmp_path / "state/inbox").mkdir(parents=True)
    (tmp_path / "state/inbox/film.torrent").write_bytes(torrent().metainfo)

    async with start(directory="inbox") as daemon:
        await wait_for_downloads(daemon, "film")
        assert (await folder(daemon))["directory"] == str(tmp_path / "state/inbox")


async def test_no_directory_outside_of_the_allowed_ones_is_watched(start, watched, torrent, tmp_path):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    async with start(config={"api": {"file_roots": [str(tmp_path / "saved")]}}) as daemon:
        report = await wait_for_folder(daemon, state="refused")
        assert await downloads(daemon) == {}

    assert report["reason"] == "It is outside of the allowed directories"


async def test_of_two_folders_with_one_directory_the_second_is_refused(start, watched, torrent):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    async with start(folders={"again": {"directory": f"{watched}/x/.."}}) as daemon:
        await wait_for_folder(daemon, added=1)
        report = await wait_for_folder(daemon, "again", state="refused")

    assert report["reason"] == "watch_folder.directory has the same directory"


async def test_names_that_are_not_utf8_are_no_obstacle(start, watched, torrent):
    (watched / os.fsdecode(b"f\xeflm.torrent")).write_bytes(torrent("film").metainfo)
    (watched / os.fsdecode(b"b\xe4d.torrent")).write_bytes(b"no torrent")

    async with start() as daemon:
        await wait_for_downloads(daemon, "film")
        await wait_for_folder(daemon, broken=1, waiting=0)

    assert [os.fsencode(name) for name in names_in(watched)] == [b"b\xe4d.torrent.corrupt", b"f\xeflm.torrent"]


class StuckRoots:
    """A disk that does not answer."""

    def __init__(self) -> None:
        self.answer = threading.Event()

    def allow(self, _path):
        return self.answer.wait(20)


async def test_a_disk_that_does_not_answer_is_said_to_be_silent_until_it_does(start, watched):
    roots = StuckRoots()
    async with start(directory="") as daemon:
        watch = await watch_of(daemon, watched, roots, silent_seconds=0.01)

        look = asyncio.create_task(watch.scan())
        await wait_for(lambda: watch.report().state == "silent")
        reason = watch.report().reason
        roots.answer.set()
        await look

    assert reason == "The disk has not answered for 0 s"
    assert (watch.report().state, watch.report().reason) == ("watching", "")


async def test_a_file_that_cannot_be_renamed_is_remembered_and_said(start, watched, torrent):
    with_name = watched / ("x" * 244 + ".torrent")  # too long for another ending
    with_name.write_bytes(torrent().metainfo)
    broken = watched / ("y" * 245 + ".torrent")
    broken.write_bytes(b"no torrent")
    folders = {"inbox": {"directory": str(watched), "after": "rename"}}

    async with start(**MANUAL, settle_time=0, directory="", folders=folders) as daemon:
        await wait_for_folder(daemon, "inbox", added=1, broken=1, waiting=0)
        assert await scan(daemon) == {}
        problems = {row["path"]: row["error"] for row in (await folder(daemon, "inbox"))["problems"]}

    assert names_in(watched) == [with_name.name, broken.name]
    assert problems == {
        str(with_name): "It cannot be renamed or deleted: File name too long",
        str(broken): "It cannot be renamed or deleted: File name too long",
    }
