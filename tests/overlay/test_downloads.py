"""Anonymous downloads in a network of eight processes: foreign nodes, our daemon, and peers without the overlay."""

import os

import pytest

from tests.overlay.member import hosts_of, join, store
from tests.overlay.network import EXIT, RELAY

MIB = 1 << 20


async def download_plainly(network, seeder, folder, size):
    """Download two torrents, over one and over two hops; return those that came unharmed, and who fetched them."""
    nodes = await network.add(RELAY, RELAY, RELAY, RELAY, EXIT, EXIT)
    torrents = [seeder.seed_new(os.urandom(size), name=f"over {hops}") for hops in (1, 2)]
    visitors = set()
    async with join(network, folder) as daemon:
        for hops, torrent in enumerate(torrents, start=1):
            await daemon.add(seeder.magnet(torrent), hops=hops)
        for torrent in torrents:
            await daemon.wait_for_progress(torrent, 1.0)
            visitors |= hosts_of(seeder, torrent)
        lengths = {circuit["actual_hops"] for circuit in await daemon.circuits() if circuit["type"] == "DATA"}
        unharmed = [torrent.name for torrent in torrents if daemon.has(torrent)]
    return unharmed, visitors, {node.host for node in nodes[-2:]}, lengths


async def test_one_and_two_hops_bring_what_a_plain_peer_has_and_show_it_exits_alone(network, plain_seeder, tmp_path):
    unharmed, visitors, exits, lengths = await download_plainly(network, plain_seeder, tmp_path, MIB)

    assert unharmed == ["over 1", "over 2"]
    assert visitors <= exits
    assert lengths == {1, 2}


@pytest.mark.soak
async def test_256_mib_over_one_and_two_hops_arrive_unharmed(network, plain_seeder, tmp_path):
    unharmed, visitors, exits, lengths = await download_plainly(network, plain_seeder, tmp_path, 256 * MIB)

    assert unharmed == ["over 1", "over 2"]
    assert visitors <= exits
    assert lengths == {1, 2}


async def download_from_hidden_seeder(network, plain_seeder, folder, size):
    """Download from a foreign node that seeds as a hidden service."""
    nodes = await network.add(RELAY, RELAY, RELAY, RELAY, EXIT, EXIT, RELAY)
    torrent = plain_seeder.seed_new(os.urandom(size))
    plain_seeder.close()
    await nodes[-1].ask("seed", torrent=store(folder, torrent), folder=str(torrent.folder), hops=1)
    async with join(network, folder) as daemon:
        await daemon.add(torrent.magnet, hops=1)
        await daemon.wait_for_progress(torrent, 1.0)
        swarms = (await daemon.get("/ipv8/tunnel/swarms"))["swarms"]
        return daemon.has(torrent), [swarm["num_connections"] for swarm in swarms]


async def test_a_download_comes_from_a_hidden_seeder(network, plain_seeder, tmp_path):
    is_unharmed, connections = await download_from_hidden_seeder(network, plain_seeder, tmp_path, MIB)

    assert is_unharmed
    assert connections == [1]


@pytest.mark.soak
async def test_256_mib_from_a_hidden_seeder_arrive_unharmed(network, plain_seeder, tmp_path):
    is_unharmed, connections = await download_from_hidden_seeder(network, plain_seeder, tmp_path, 256 * MIB)

    assert is_unharmed
    assert connections == [1]


async def test_a_foreign_node_downloads_what_the_daemon_seeds_as_a_hidden_service(network, plain_seeder, tmp_path):
    nodes = await network.add(RELAY, RELAY, RELAY, RELAY, EXIT, EXIT, RELAY)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    async with join(network, tmp_path) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await daemon.wait_for_status(torrent, "SEEDING")
        plain_seeder.close()

        folder = tmp_path / "foreign"
        await nodes[-1].ask(
            "fetch", torrent=store(tmp_path, torrent), folder=str(folder), hops=1, peers=[], hidden=True
        )

    assert (folder / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()
