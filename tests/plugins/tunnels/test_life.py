"""The plugin starts and stops, also while it serves, and leaves nothing behind."""

import asyncio
import gc
import logging
import os
import threading

import psutil
import pytest

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from tests.plugins.tunnels.test_downloads import add, done
from triblerd.testing import wait_for
from triblerd_ipv8.api import Overlays
from triblerd_libtorrent.api import TorrentEngine, Tunnels, TunnelState
from triblerd_tunnels.api import TunnelView

MIB = 1024 * 1024


def footprint():
    """Return descriptors, threads of others than the pool, and bytes of memory."""
    gc.collect()
    process = psutil.Process()
    pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return process.num_fds(), process.num_threads() - pool, process.memory_info().rss


async def serve(daemon, torrent, folder, seeder):
    """Have circuits of two lengths, and a download under way."""
    service(daemon, Tunnels).want(2)
    await add(daemon, torrent, folder, peers=[(seeder.host, seeder.port)])
    await wait_for(lambda: done(daemon, torrent) > 0, 20, what="the beginning")


async def switch(daemon):
    await daemon.patch("/plugins/tunnels", json={"enabled": False})

    assert service(daemon, TorrentEngine).sessions() == [0]
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert [name for name in names if name.startswith(("tunnels.", "TunnelsCommunity:"))] == []
    await daemon.patch("/plugins/tunnels", json={"enabled": True})


@pytest.mark.parametrize(
    "case",
    [
        ("rust", 5),
        ("python", 5),
        pytest.param(("rust", 100), marks=pytest.mark.soak),
        pytest.param(("python", 100), marks=pytest.mark.soak),
    ],
    ids=str,
)
async def test_stopping_it_while_it_serves_leaves_nothing(start_daemon, start_nodes, seeder, tmp_path, case):
    endpoint, rounds = case
    logging.disable(logging.INFO)  # pytest keeps every record
    nodes = await start_nodes(EXIT, RELAY)
    seeder.limit(100_000)
    torrent = seeder.seed_new(os.urandom(4 * MIB), piece_length=64 * 1024)
    marks = []
    try:
        async with start_daemon("tunnels", config=settings(nodes, endpoint=endpoint)) as daemon:
            for number in range(rounds):
                await serve(daemon, torrent, tmp_path / f"mine{number}", seeder)
                await switch(daemon)
                await wait_for(lambda: len(service(daemon, TunnelView).peers()) == 2, what="peers")
                await wait_for(lambda: not any(node.tunnels.exit_sockets for node in nodes), what="the others")
                marks.append(footprint())
    finally:
        logging.disable(logging.NOTSET)

    settled, last = marks[rounds // 5], marks[-1]
    assert last[:2] == pytest.approx(settled[:2], abs=1)
    assert last[2] - settled[2] < 12 * MIB, marks


async def test_the_socket_that_is_opened_anew_has_the_same_port_and_goes_on_counting(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        tunnels, overlays = service(daemon, Tunnels), service(daemon, Overlays)
        tunnels.want(1)
        await wait_for(lambda: tunnels.state(1) is TunnelState.READY, what="a circuit")
        before = overlays.port, overlays.traffic
        socket = overlays.parts.socket.rust_ep

        await switch(daemon)

        assert overlays.parts.socket.rust_ep is not socket
        assert overlays.parts.socket.get_socks5_statistics() == []
        assert overlays.port == before[0]
        assert overlays.traffic.sent >= before[1].sent
        assert overlays.traffic.received >= before[1].received
