"""What other nodes may do to an anonymous download: die, lie, and make noise."""

import os

import pytest

from tests.overlay.member import join
from tests.overlay.network import EXIT, PYTHON_EXIT, RELAY
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import Seeder

MIB = 1 << 20


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


async def test_what_a_lying_exit_forged_is_refused_and_comes_over_another_one(network, plain_seeder, tmp_path):
    await network.add(RELAY, RELAY)
    [liar] = await network.add(PYTHON_EXIT, rust=False, lie="forge")
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    (tmp_path / "other").mkdir()
    async with join(network, tmp_path) as daemon:
        with Seeder(tmp_path / "other", host=network.new_host()) as other:
            other.seed(torrent)
            await daemon.add(plain_seeder.magnet(torrent), hops=1)
            await wait_for(lambda: has_lied(liar), 20)
            await wait_for(lambda: has_refused(daemon, torrent), 20)
            [honest] = await network.add(EXIT)
            await liar.stop()
            await wait_for(lambda: has_circuit(daemon, honest), 20)
            # The first peer is banned for what came from it: there has to be another one.
            peer = {"ip": other.host, "port": other.port}
            await daemon.put(f"/downloads/{torrent.infohash}/peers", json=peer)
            await daemon.wait_for_progress(torrent, 1.0)

            assert daemon.has(torrent)


async def has_circuit(daemon, node):
    circuits = await daemon.circuits()
    return any(circuit["state"] == "READY" and circuit["verified_hops"] == [node.mid] for circuit in circuits)


async def has_refused(daemon, torrent):
    """Tell whether data came, of which nothing was kept."""
    row = await daemon.row(torrent)
    return row["total_down"] > 16 * 1024 and row["progress"] == 0


async def has_lied(node):
    return (await node.ask("figures"))["lies"] > 0


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
