"""What other nodes may do to an anonymous download: die, lie, and make noise."""

import asyncio
import os

import pytest

from tests.overlay.member import join
from tests.overlay.network import EXIT, PYTHON_EXIT, RELAY
from triblerd.testing import wait_for

MIB = 1 << 20
_PATIENCE_SECONDS = 4.0  # longer than it takes until lost peers are looked for again


async def busiest(nodes):
    """Return the node that relayed most."""
    figures = [sum((await node.ask("figures"))["relays"].values()) for node in nodes]
    return nodes[figures.index(max(figures))] if max(figures) > MIB // 4 else None


@pytest.mark.soak  # a killed node says nothing: it takes half a minute to be missed
async def test_a_download_completes_when_the_relay_that_carries_it_dies(network, plain_seeder, tmp_path):
    relays = await network.add(RELAY, RELAY, RELAY)
    await network.add(EXIT, EXIT)
    plain_seeder.limit(MIB)
    torrent = plain_seeder.seed_new(os.urandom(3 * MIB))
    async with join(network, tmp_path) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=2)
        relay = await wait_for(lambda: busiest(relays), 20)
        relay.kill()
        await daemon.wait_for_progress(torrent, 1.0)

        assert daemon.has(torrent)


async def test_a_download_completes_although_the_only_exit_lies_until_there_is_another(network, plain_seeder, tmp_path):
    await network.add(RELAY, RELAY)
    [liar] = await network.add(PYTHON_EXIT, rust=False, lie="forge")
    torrent = plain_seeder.seed_new(os.urandom(3 * MIB), piece_length=MIB // 4)
    async with join(network, tmp_path) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await wait_for(lambda: "is forged" in daemon.output, 20)
        await network.add(EXIT)
        await daemon.wait_for_progress(torrent, 1.0)

        assert daemon.has(torrent)
        assert not await has_circuit(daemon, liar)


async def test_a_peer_that_seems_to_lie_over_two_exits_is_left_alone(network, plain_seeder, tmp_path):
    await network.add(PYTHON_EXIT, PYTHON_EXIT, rust=False, lie="forge")
    torrent = plain_seeder.seed_new(os.urandom(3 * MIB), piece_length=MIB // 4)
    async with join(network, tmp_path) as daemon:
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await wait_for(lambda: "the peer lies" in daemon.output, 30)
        await asyncio.sleep(_PATIENCE_SECONDS)

        assert daemon.output.count("is forged") == 2
        assert (await daemon.row(torrent))["num_peers"] == 0


async def has_circuit(daemon, node):
    circuits = await daemon.circuits()
    return any(circuit["state"] == "READY" and circuit["verified_hops"] == [node.mid] for circuit in circuits)


async def test_a_flood_of_noise_stops_neither_requests_nor_a_download(network, plain_seeder, tmp_path):
    await network.add(RELAY, RELAY, EXIT)
    [noisy] = await network.add(RELAY)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    async with join(network, tmp_path) as daemon:
        host, port = await daemon.address()
        await noisy.ask("flood", host=host, port=port, packets=20_000)
        await daemon.add(plain_seeder.magnet(torrent), hops=1)
        await daemon.wait_for_progress(torrent, 1.0)

        assert daemon.has(torrent)
        assert "Traceback" not in daemon.output
