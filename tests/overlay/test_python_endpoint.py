"""A daemon whose endpoint is the one in Python, also where there is none in Rust, among nodes that have that."""

import asyncio
import os
from contextlib import suppress

import pytest

from tests.overlay.member import hosts_of, join, store
from tests.overlay.network import EXIT, NOTHING, RELAY
from triblerd.testing import wait_for

MIB = 1 << 20
PYTHON = {"endpoint": "python"}


@pytest.mark.parametrize("size", [2 * MIB, pytest.param(128 * MIB, marks=pytest.mark.soak)], ids=["short", "long"])
async def test_one_and_two_hops_bring_what_a_plain_peer_has_and_show_it_exits_alone(
    network, plain_seeder, tmp_path, size
):
    nodes = await network.add(RELAY, RELAY, EXIT, EXIT)
    torrents = [plain_seeder.seed_new(os.urandom(size), name=f"over {hops}") for hops in (1, 2)]
    visitors = set()
    async with join(network, tmp_path, without_rust=True) as daemon:
        for hops, torrent in enumerate(torrents, start=1):
            await daemon.add(plain_seeder.magnet(torrent), hops=hops)
        for torrent in torrents:
            await daemon.wait_for_progress(torrent, 1.0, 300)
            visitors |= hosts_of(plain_seeder, torrent)

        assert all(daemon.has(torrent) for torrent in torrents)
        assert visitors <= {node.host for node in nodes[-2:]}
        assert "the overlay's endpoint is the one in Python" in daemon.output
        assert "Traceback" not in daemon.output


async def test_nothing_moves_while_there_is_no_circuit(network, plain_seeder, tmp_path):
    [exit_] = await network.add(EXIT)
    plain_seeder.limit(MIB // 2)
    torrent = plain_seeder.seed_new(os.urandom(4 * MIB), piece_length=MIB // 16)
    async with join(network, tmp_path, ipv8=PYTHON) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await daemon.wait_for_progress(torrent, 0.05)
        await exit_.stop()

        async def has_no_circuit():
            return not any(circuit["state"] == "READY" for circuit in await daemon.circuits())

        async def progress():
            return (await daemon.row(torrent))["progress"]

        async def stands_still():
            earlier = await progress()
            await asyncio.sleep(1.5)  # longer than rows take to come
            return await progress() == earlier

        await wait_for(has_no_circuit)
        await wait_for(stands_still, what="the end of what was under way")
        before = await progress()
        seen = set()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while True:
                    seen |= hosts_of(plain_seeder, torrent)
                    await asyncio.sleep(0.05)

        assert await progress() == before < 1
        assert seen <= {exit_.host}


async def test_a_download_comes_from_a_hidden_seeder(network, plain_seeder, tmp_path):
    nodes = await network.add(RELAY, RELAY, EXIT, RELAY)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    plain_seeder.close()
    await nodes[-1].ask("seed", torrent=store(tmp_path, torrent), folder=str(torrent.folder), hops=1)
    async with join(network, tmp_path, ipv8=PYTHON) as daemon:
        await daemon.add(torrent.magnet, hops=1)
        await daemon.wait_for_progress(torrent, 1.0)

        assert daemon.has(torrent)


@pytest.mark.soak
async def test_a_foreign_node_downloads_what_the_daemon_seeds_as_a_hidden_service(network, plain_seeder, tmp_path):
    nodes = await network.add(RELAY, RELAY, EXIT, RELAY)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    async with join(network, tmp_path, ipv8=PYTHON) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await daemon.wait_for_status(torrent, "SEEDING")
        plain_seeder.close()

        folder = tmp_path / "foreign"
        await nodes[-1].ask(
            "fetch", torrent=store(tmp_path, torrent), folder=str(folder), hops=1, peers=[], hidden=True
        )

    assert (folder / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()


@pytest.mark.parametrize(("hops", "is_exit"), [(1, True), (2, False)])
async def test_nodes_in_rust_download_through_it(network, plain_seeder, tmp_path, hops, is_exit):
    owner, *_ = await network.add(NOTHING, *(() if is_exit else (EXIT,)))
    torrent = plain_seeder.seed_new(os.urandom(2 * MIB))
    tunnels = {"exitnode_enabled": is_exit}
    async with join(network, tmp_path, ipv8=PYTHON, tunnel_community=tunnels) as daemon:
        await network.meet([owner], [await daemon.address()])
        peers = [(plain_seeder.host, plain_seeder.port)]
        folder = tmp_path / "foreign"
        await owner.ask("fetch", torrent=store(tmp_path, torrent), folder=str(folder), hops=hops, peers=peers)
        rows = await daemon.get("/ipv8/tunnel/exits" if is_exit else "/ipv8/tunnel/relays")
        carried = sum(row["bytes_down"] for row in rows["exits" if is_exit else "relays"])

    assert (folder / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()
    assert carried > 2 * MIB
