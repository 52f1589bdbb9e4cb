"""What the daemon does for others, and that its tunnels come and go without a trace meanwhile."""

import asyncio
import os
from contextlib import asynccontextmanager

import psutil
import pytest

from tests.overlay.member import join, store
from tests.overlay.network import EXIT, NOTHING
from triblerd.testing import wait_for

MIB = 1 << 20


@asynccontextmanager
async def relay(network, folder, *plugins):
    """Run a daemon that is the only relay of a network, and one that wants two hops; yield both."""
    owner, _ = await network.add(NOTHING, EXIT)
    async with join(network, folder, *plugins) as daemon:
        await network.meet([owner], [await daemon.address()])
        yield daemon, owner


def order_of(torrent, seeder, folder, name):
    """Return what a foreign node is told, to download a torrent over two hops."""
    peers = [(seeder.host, seeder.port)]
    return {"torrent": store(folder, torrent), "folder": str(folder / name), "hops": 2, "peers": peers}


async def test_others_download_through_the_daemon_and_it_shows_how_much(network, plain_seeder, tmp_path):
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    async with relay(network, tmp_path) as (daemon, owner):
        await owner.ask("fetch", **order_of(torrent, plain_seeder, tmp_path, "foreign"))

        async def relayed():
            rows = (await daemon.get("/ipv8/tunnel/relays"))["relays"]
            return sum(row["bytes_down"] for row in rows)

        await wait_for(lambda: has_grown(relayed, MIB))

    assert (tmp_path / "foreign" / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()


async def has_grown(count, least):
    return await count() >= least


async def fetch_again_and_again(owner, order):
    while True:
        await owner.ask("fetch", **order)


async def footprint(daemon):
    """Count what the daemon holds, without the threads and tasks that requests bring."""
    process = psutil.Process(daemon.pid)
    tasks = (await daemon.get("/ipv8/asyncio/tasks"))["tasks"]
    return len(tasks), process.num_fds(), process.num_threads(), process.memory_info().rss


async def turn_off_and_on(daemon, rounds):
    for _ in range(rounds):
        await daemon.turn("tunnels", on=False)
        await daemon.turn("tunnels", on=True)


async def switch(network, seeder, folder, *, warm_up, rounds):
    """Stop and start the plugin while others download through it; return what was held before and after."""
    order = order_of(seeder.seed_new(os.urandom(MIB)), seeder, folder, "foreign")
    async with relay(network, folder) as (daemon, owner):
        work = asyncio.create_task(fetch_again_and_again(owner, order))
        try:
            await turn_off_and_on(daemon, warm_up)
            before = await footprint(daemon)
            await turn_off_and_on(daemon, rounds)
            after = await footprint(daemon)
        finally:
            work.cancel()
        assert "Traceback" not in daemon.output
    return before, after


async def test_stops_and_starts_of_tunnels_in_use_leave_nothing_behind(network, plain_seeder, tmp_path):
    before, after = await switch(network, plain_seeder, tmp_path, warm_up=3, rounds=5)

    assert all(late <= early + 2 for early, late in zip(before[:3], after[:3], strict=True)), (before, after)


@pytest.mark.soak
async def test_a_hundred_stops_and_starts_of_tunnels_in_use_leave_nothing_behind(network, plain_seeder, tmp_path):
    before, after = await switch(network, plain_seeder, tmp_path, warm_up=10, rounds=100)

    assert all(late <= early + 2 for early, late in zip(before[:3], after[:3], strict=True)), (before, after)
    assert after[3] - before[3] < 10 * MIB
