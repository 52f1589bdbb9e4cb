"""Whoever asks for a download to be added, changed or removed is gone before that is done."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_downloads.api import AddWishes, Change, Downloads, DownloadTakeover, TakenDownload
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import make_torrent


@pytest.fixture
def torrent(tmp_path):
    return make_torrent(tmp_path, b"x" * 20_000, name="film")


@asynccontextmanager
async def held_store(daemon):
    """Have the store write nothing until this ends."""
    store = daemon.daemon.container.store()
    begun, go_on = threading.Event(), threading.Event()

    def wait(_):
        begun.set()
        go_on.wait(10)

    holding = asyncio.create_task(store.view("test").write(wait))
    try:
        await wait_for(begun.is_set)
        yield
    finally:
        go_on.set()
        await holding


async def cancelled_at_the_store(daemon, work):
    """Begin some work, and cancel it when it waits for the store."""
    async with held_store(daemon):
        caller = asyncio.create_task(work)
        await wait_for(lambda: daemon.daemon.container.store().figures().waiting, what="it to write")
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller


async def test_what_is_being_added_is_added(start_downloads, torrent):
    async with start_downloads() as daemon:
        downloads, engine = service(daemon, Downloads), service(daemon, TorrentEngine)
        source = await engine.parse_metainfo(torrent.metainfo)

        await cancelled_at_the_store(daemon, downloads.add(source, AddWishes(user_stopped=True)))

        item = await wait_for(lambda: item_of(daemon, torrent.infohash), what="the download to be listed")
        await wait_for(lambda: engine.has(torrent.infohash), what="the engine to have it")
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": False})

    assert item["name"] == "film"


async def test_what_is_being_changed_is_changed(start_downloads, torrent):
    async with start_downloads() as daemon:
        downloads, engine = service(daemon, Downloads), service(daemon, TorrentEngine)
        await upload(daemon, torrent)
        await wait_for(lambda: engine.has(torrent.infohash), what="the engine to have it")

        await cancelled_at_the_store(daemon, downloads.change(torrent.infohash, Change(running=False)))

        await wait_for_status(daemon, torrent.infohash, "STOPPED")


async def test_a_download_that_changes_its_session_is_in_the_other_one_or_waits_for_it(start_downloads, torrent):
    async with start_downloads("tunnels") as daemon:
        downloads, engine = service(daemon, Downloads), service(daemon, TorrentEngine)
        await upload(daemon, torrent)
        await wait_for(lambda: engine.has(torrent.infohash), what="the engine to have it")

        await cancelled_at_the_store(daemon, downloads.change_hops(torrent.infohash, 1))

        await wait_for(lambda: downloads.get(torrent.infohash).record.hops == 1, what="the other session")


async def test_what_is_being_removed_is_removed(start_downloads, torrent):
    async with start_downloads() as daemon:
        downloads = service(daemon, Downloads)
        await upload(daemon, torrent)
        await wait_for(lambda: downloads.get(torrent.infohash).status, what="the engine to have it")

        await cancelled_at_the_store(daemon, downloads.remove(torrent.infohash, remove_data=False))

        await wait_for(lambda: not downloads.all(), what="the download to be gone")


async def test_what_is_being_taken_over_is_taken_over(start_downloads, torrent, tmp_path):
    async with start_downloads() as daemon:
        engine, takeover = service(daemon, TorrentEngine), service(daemon, DownloadTakeover)
        source = await engine.parse_metainfo(torrent.metainfo)
        await takeover.prepare()

        await cancelled_at_the_store(daemon, takeover.take([TakenDownload(source=source, save_path=str(tmp_path))]))

        await wait_for(lambda: item_of(daemon, torrent.infohash), what="the download to be listed")
