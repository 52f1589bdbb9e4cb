"""What is downloaded with hops goes through circuits, and through nothing else."""

import asyncio
import os
import socket
from contextlib import suppress
from ipaddress import IPv4Address

import pytest

from tests.plugins.tunnels.nodes import EXIT, EXIT_ADDRESS, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine, TorrentSwarm, TorrentWish, Tunnels, TunnelState
from triblerd_libtorrent.testing import make_torrent
from triblerd_tunnels.api import TunnelRemoved, TunnelView
from triblerd_tunnels.hidden import swarm_id


async def add(daemon, torrent, folder, *, hops=1, **wish):
    """Hand a torrent to the session of some hops, once there is one."""
    engine = service(daemon, TorrentEngine)
    service(daemon, Tunnels).want(hops)
    await wait_for(lambda: hops in engine.sessions(), 20, what="the session")
    metainfo = await engine.parse_metainfo(torrent.metainfo)
    place = {"save_path": str(folder), "hops": hops}
    await engine.add(TorrentWish(infohash=torrent.infohash, source=metainfo, **place, **wish))


def done(daemon, torrent):
    status = service(daemon, TorrentEngine).status(torrent.infohash)
    return status.total_done if status else 0


async def complete(daemon, torrent, *, watch=None):
    """Wait until it is complete, and return every address that ``watch`` saw meanwhile."""
    seen = set()

    async def is_complete():
        if watch:
            seen.update(await watch(torrent))
        return done(daemon, torrent) == torrent.size

    await wait_for(is_complete, 18, what="the data")
    return seen


async def watched(watch, torrent, *, seconds):
    """Return every address that ``watch`` sees within some time."""
    seen = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                seen |= await watch(torrent)
                await asyncio.sleep(0.05)
    return seen


def peers_of(daemon):
    async def watch(torrent):
        return {(peer.ip, peer.port) for peer in await service(daemon, TorrentSwarm).peers(torrent.infohash)}

    return watch


def guests_of(seeder):
    async def watch(torrent):
        return seeder.peers(torrent)

    return watch


async def test_a_download_over_one_hop_is_seen_by_its_seeder_as_the_exit(start_daemon, start_nodes, seeder, tmp_path):
    nodes = await start_nodes(EXIT)
    torrent = seeder.seed_new(os.urandom(4 * 1024 * 1024), piece_length=256 * 1024)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    config = {**settings(nodes), "tunnels": {"socks_listen_ports": [port]}}
    async with start_daemon("tunnels", "tribler8", config=config) as daemon:
        await add(daemon, torrent, tmp_path / "mine", peers=[(seeder.host, seeder.port)])
        seen = await complete(daemon, torrent, watch=guests_of(seeder))
        servers = service(daemon, TunnelView).socks_servers()
        figures = (await daemon.get("/api/statistics/tribler"))["tribler_statistics"]

        assert (tmp_path / "mine/tiny").read_bytes() == (torrent.folder / "tiny").read_bytes()
        assert seen == {EXIT_ADDRESS}
        assert [(server.hops, server.port, server.associations > 0) for server in servers] == [(1, port, True)]
        assert [(row["hops"], row["port"]) for row in figures["socks5_sessions"]] == [(1, port)]
        assert figures["socks5_sessions"][0]["associates"][0] > 0


async def test_a_hidden_seeder_and_its_visitor_know_each_other_by_numbers_of_circuits(
    start_daemon, start_nodes, tmp_path
):
    nodes = await start_nodes(EXIT, RELAY, RELAY)
    (tmp_path / "theirs").mkdir()
    torrent = make_torrent(tmp_path / "theirs", os.urandom(1024 * 1024))
    async with (
        start_daemon("tunnels", config=settings(nodes), state_dir=tmp_path / "one") as seeding,
        start_daemon("tunnels", config=settings(nodes), state_dir=tmp_path / "two") as visiting,
    ):
        await add(seeding, torrent, torrent.folder, is_verified=True)
        await wait_for(lambda: any(node.tunnels.intro_point_for for node in nodes), 15, what="an introduction point")
        swarm = swarm_id(torrent.infohash)
        await wait_for(lambda: any(node.stores(swarm) for node in nodes), what="its address in the DHT")

        with visiting.events(TunnelRemoved) as removed:
            await add(visiting, torrent, tmp_path / "mine")
            seen = await complete(visiting, torrent, watch=peers_of(visiting))
            while (event := await removed.next()).circuit_class != "Circuit":
                pass

        assert (tmp_path / "mine/tiny").read_bytes() == (torrent.folder / "tiny").read_bytes()
        assert seen == {(str(IPv4Address(event.circuit_id)), 1024)}
        assert event.additional_info == "leaving hidden swarm"  # as a visitor, to be a seeder now


async def test_a_download_goes_on_over_another_circuit_when_a_hop_leaves(start_daemon, start_nodes, seeder, tmp_path):
    nodes = await start_nodes(EXIT, EXIT, EXIT)
    seeder.limit(1_000_000)
    torrent = seeder.seed_new(os.urandom(3 * 1024 * 1024), piece_length=64 * 1024)
    async with start_daemon("tunnels", config=settings(nodes, min_circuits=3, max_circuits=6)) as daemon:
        view = service(daemon, TunnelView)
        await add(daemon, torrent, tmp_path / "mine", peers=[(seeder.host, seeder.port)])
        await wait_for(lambda: done(daemon, torrent) > 500_000, what="the beginning")
        await wait_for(lambda: max(row.bytes_down for row in view.circuits()) > 100_000, what="counters")
        used = max(view.circuits(), key=lambda row: row.bytes_down)
        (hop,) = [node for node in nodes if [node.mid] == used.verified_hops]

        with daemon.events(TunnelRemoved) as removed:
            await hop.stop()
            while (event := await removed.next()).circuit_id != used.circuit_id:
                pass  # another one went by the same exit
            await complete(daemon, torrent)

        assert event.circuit_class == "Circuit"
        assert event.additional_info == "got destroy with reason 2"
        assert event.bytes_down >= used.bytes_down
        assert (tmp_path / "mine/tiny").read_bytes() == (torrent.folder / "tiny").read_bytes()


async def test_nothing_is_transferred_when_all_circuits_are_gone(start_daemon, start_nodes, seeder, tmp_path):
    nodes = await start_nodes(EXIT)
    seeder.limit(400_000)
    torrent = seeder.seed_new(os.urandom(4 * 1024 * 1024), piece_length=64 * 1024)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        await add(daemon, torrent, tmp_path / "mine", peers=[(seeder.host, seeder.port)])
        await wait_for(lambda: done(daemon, torrent) > 100_000, what="the beginning")

        await nodes[0].stop()
        await wait_for(lambda: service(daemon, Tunnels).state(1) != TunnelState.READY, what="the end of the circuit")
        there = done(daemon, torrent)
        service(daemon, TorrentSwarm).connect_peer(torrent.infohash, seeder.host, seeder.port)
        seen = await watched(guests_of(seeder), torrent, seconds=1)

        assert seen <= {EXIT_ADDRESS}  # the seeder has not noticed yet
        assert done(daemon, torrent) - there < 64 * 1024


@pytest.mark.soak
async def test_a_download_goes_on_when_a_hop_falls_silent(start_daemon, start_nodes, seeder, tmp_path):
    nodes = await start_nodes(EXIT, EXIT, EXIT)
    seeder.limit(300_000)
    torrent = seeder.seed_new(os.urandom(3 * 1024 * 1024), piece_length=64 * 1024)
    async with start_daemon("tunnels", config=settings(nodes, min_circuits=3, max_circuits=6)) as daemon:
        view = service(daemon, TunnelView)
        await add(daemon, torrent, tmp_path / "mine", peers=[(seeder.host, seeder.port)])
        await wait_for(lambda: max(row.bytes_down for row in view.circuits()) > 100_000, what="counters")
        used = max(view.circuits(), key=lambda row: row.bytes_down)
        (hop,) = [node for node in nodes if [node.mid] == used.verified_hops]

        with daemon.events(TunnelRemoved) as removed:
            await hop.vanish()
            async with asyncio.timeout(60):
                while (event := await removed.next()).circuit_id != used.circuit_id:
                    pass
            await wait_for(lambda: done(daemon, torrent) == torrent.size, 60, what="the data")

        assert event.additional_info == "no activity"
