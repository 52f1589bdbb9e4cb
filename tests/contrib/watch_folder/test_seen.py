"""No file is added twice, not even after its download was removed."""

import os
import time

import pytest

from tests.contrib.watch_folder.conftest import downloads, folder, scan, wait_for_downloads, wait_for_folder
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_watch_folder.seen import KEPT_SECONDS, Outcome, Stamp, load_seen

MANUAL = {"check_interval": 3600.0}
STAMP = Stamp(7, 1)


async def remove(daemon, torrent):
    await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": False})


async def test_a_removed_download_does_not_come_back_not_even_after_a_restart(start, watched, torrent):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    async with start(**MANUAL) as daemon:
        await wait_for_downloads(daemon, "film")
        await wait_for_folder(daemon, waiting=0)
        await remove(daemon, torrent())
        assert await scan(daemon) == {}

    async with start(**MANUAL) as daemon:
        assert await scan(daemon) == {}
        assert await downloads(daemon) == {}
        assert (await folder(daemon))["files"] == 1


async def test_a_file_that_was_written_anew_is_added_again(start, watched, torrent):
    file = watched / "film.torrent"
    file.write_bytes(torrent().metainfo)
    async with start(**MANUAL) as daemon:
        await wait_for_folder(daemon, added=1, waiting=0)
        await remove(daemon, torrent())

        os.utime(file, (1, 1))
        found = await scan(daemon)

    assert found["film.torrent"]["outcome"] == "added"


async def test_a_file_that_got_another_name_is_the_same_file(start, watched, torrent):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    async with start(**MANUAL) as daemon:
        await wait_for_folder(daemon, added=1, waiting=0)
        await remove(daemon, torrent())

        (watched / "old").mkdir()
        (watched / "film.torrent").rename(watched / "old/cinema.torrent")
        foreseen = await scan(daemon, dry_run=1)
        found = await scan(daemon)

        assert foreseen["cinema.torrent"]["outcome"] == found["cinema.torrent"]["outcome"] == "known"
        assert await downloads(daemon) == {}
        assert await scan(daemon) == {}


async def test_a_disk_that_was_away_brings_nothing_back(start, watched, torrent):
    (watched / "film.torrent").write_bytes(torrent().metainfo)
    async with start(**MANUAL) as daemon:
        await wait_for_folder(daemon, added=1, waiting=0)
        await remove(daemon, torrent())
        watched.rename(watched.with_name("away"))
        await scan(daemon)
        watched.mkdir()  # a mount point without its disk
        await scan(daemon)
        watched.rmdir()
        watched.with_name("away").rename(watched)

        assert await scan(daemon) == {}
        assert await downloads(daemon) == {}


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture
async def store(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        yield store.view("watch_folder")


async def test_what_is_missing_for_long_is_forgotten(store):
    clock = Clock()
    files = {"": lambda path: path.startswith("/w/")}
    seen = (await load_seen(store, files, clock=clock))[""]
    for path in ("/w/gone", "/w/back", "/w/caf\udce9"):
        await seen.note(path, STAMP, Outcome.ADDED, "ab")
    await seen.update(missing=["/w/gone", "/w/back"], there=[])
    clock.now += KEPT_SECONDS - 10
    await seen.update(missing=["/w/gone"], there=["/w/back"])
    clock.now += 20
    await seen.update(missing=["/w/gone", "/w/back"], there=[])

    assert sorted(seen.files) == ["/w/back", "/w/caf\udce9"]
    assert sorted((await load_seen(store, files, clock=clock))[""].files) == sorted(seen.files)


async def test_files_of_a_directory_that_is_not_watched_any_more_are_forgotten_in_time(store):
    clock = Clock()
    first = {"": lambda path: path.startswith("/w/")}
    await (await load_seen(store, first, clock=clock))[""].note("/w/film", STAMP, Outcome.ADDED)
    other = {"": lambda path: path.startswith("/v/")}
    await load_seen(store, other, clock=clock)
    assert list((await load_seen(store, first, clock=clock))[""].files) == ["/w/film"]

    await load_seen(store, other, clock=clock)
    clock.now += KEPT_SECONDS + 1
    await load_seen(store, other, clock=clock)

    assert list((await load_seen(store, first, clock=clock))[""].files) == []
