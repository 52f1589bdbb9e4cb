"""Whoever adds a download is gone before it is added."""

import asyncio
import threading

import pytest

from tests.plugins.downloads.conftest import item_of, service, upload
from triblerd.testing import wait_for
from triblerd_downloads.api import AddWishes, Downloads
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import make_torrent


async def test_a_download_that_is_being_written_is_added_although_its_caller_is_cancelled(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 20_000, name="film")
    written, go_on = threading.Event(), threading.Event()
    async with start_downloads() as daemon:
        downloads, engine = service(daemon, Downloads), service(daemon, TorrentEngine)
        source = await engine.parse_metainfo(torrent.metainfo)
        holding = asyncio.create_task(_hold_the_writer(daemon, written, go_on))
        await wait_for(written.is_set)
        caller = asyncio.create_task(downloads.add(source, AddWishes(user_stopped=True)))
        await wait_for(lambda: _writes_waiting(daemon), what="the record to be on its way")
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        go_on.set()
        await holding

        item = await wait_for(lambda: item_of(daemon, torrent.infohash), what="the download to be listed")
        await wait_for(lambda: engine.has(torrent.infohash), what="the engine to have it")
        await upload(daemon, torrent)
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": False})

    assert item["name"] == "film"


async def _hold_the_writer(daemon, written, go_on):
    def wait(_):
        written.set()
        go_on.wait(10)

    view = daemon.daemon.container.store().view("test")
    await view.write(wait)


def _writes_waiting(daemon):
    return daemon.daemon.container.store().figures().waiting
