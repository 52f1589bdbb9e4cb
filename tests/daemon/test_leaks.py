"""Switching plugins leaves nothing behind: no task, no file descriptor, no memory."""

import asyncio
import gc
import logging
import threading

import psutil
import pytest

from tests.plugins.downloads.conftest import upload, wait_for_status
from triblerd_libtorrent.testing import make_torrent

AREAS = ("libtorrent", "downloads", "events", "settings", "state", "shutdown", "torrentinfo")


@pytest.fixture(autouse=True)
def no_news():
    """Have no information logged: pytest keeps every record to the end of a test, some 20 KB of them a round."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


async def switch_round(daemon, poll, infohash):
    for name in ("downloads", "events", "libtorrent"):
        await daemon.patch(f"/plugins/{name}", json={"enabled": False})
    for name in ("libtorrent", "downloads", "events"):
        await daemon.patch(f"/plugins/{name}", json={"enabled": True})
    await daemon.patch("/plugins/state", json={"reload": True})
    async with daemon.stream() as stream:
        await stream.next("events_start")
    await wait_for_status(daemon, infohash, "SEEDING")
    assert poll.done() is False, poll.exception()


async def keep_asking(daemon):
    """Ask a plugin that comes and goes, and one that stays; no answer is wrong."""
    while True:
        answer = await daemon.request("GET", "/downloads")
        assert answer.status in {200, 404, 503}, answer
        assert (await daemon.request("GET", "/healthz")).status == 200


def footprint():
    gc.collect()
    process = psutil.Process()
    # Those of the loop's pool come when there is work for one more, up to a handful, and stay.
    pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return len(asyncio.all_tasks()), process.num_fds(), process.num_threads() - pool, process.memory_info().rss


async def switch(start_daemon, tmp_path, *, warm_up, rounds):
    torrent = make_torrent(tmp_path, b"x" * 50_000)
    async with start_daemon(*AREAS) as daemon:
        await upload(daemon, torrent, destination=str(tmp_path))
        poll = asyncio.create_task(keep_asking(daemon))
        try:
            for _ in range(warm_up):
                await switch_round(daemon, poll, torrent.infohash)
            before = footprint()
            for _ in range(rounds):
                await switch_round(daemon, poll, torrent.infohash)
            after = footprint()
        finally:
            poll.cancel()
        shown = {plugin["name"]: plugin["state"] for plugin in (await daemon.get("/plugins"))["plugins"]}
    assert all(shown[name] == "running" for name in AREAS), shown
    return before, after


async def test_switching_plugins_under_requests_leaks_nothing(start_daemon, tmp_path):
    before, after = await switch(start_daemon, tmp_path, warm_up=4, rounds=10)

    assert after[:3] == pytest.approx(before[:3], abs=1)


@pytest.mark.soak
async def test_two_hundred_rounds_of_switching_leak_nothing(start_daemon, tmp_path):
    before, after = await switch(start_daemon, tmp_path, warm_up=20, rounds=200)

    assert after[:3] == pytest.approx(before[:3], abs=1)
    assert after[3] - before[3] < 8 * 1024 * 1024
