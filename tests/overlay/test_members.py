"""Several daemons of ours in one network: what one carries another one pays for."""

import os

from tests.overlay.member import join
from tests.overlay.network import RELAY
from triblerd.testing import wait_for

MIB = 1 << 20
PAYING = {"payouts": True}


async def test_the_graph_shows_what_a_daemon_paid_another_one_for_its_traffic(network, plain_seeder, tmp_path):
    await network.add(RELAY)
    torrent = plain_seeder.seed_new(os.urandom(MIB))
    for name in ("exit", "owner"):
        (tmp_path / name).mkdir()
    areas = ("bandwidth", "trustview")
    is_exit = {"exitnode_enabled": True}
    async with join(
        network, tmp_path / "exit", *areas, tunnel_community=is_exit, bandwidth_accounting=PAYING
    ) as carrier:
        host, port = await carrier.address()
        contacts = {"bootstrap": [*network.contacts, f"{host}:{port}"]}
        async with join(network, tmp_path / "owner", *areas, ipv8=contacts, bandwidth_accounting=PAYING) as owner:
            await owner.add(plain_seeder.magnet(torrent), hops=1)
            await owner.wait_for_progress(torrent, 1.0)
            received = await wait_for(lambda: received_by(owner))
            await owner.turn("tunnels", on=False)  # circuits that close are paid for when there are tunnels again
            await owner.turn("tunnels", on=True)

            taken = await wait_for(lambda: total(owner, "total_taken"), 20)
            given = await wait_for(lambda: total(carrier, "total_given"), 20)
            graph = await owner.get("/trustview?refresh=1")

    assert given == taken
    assert received <= taken <= received * 1.05  # a second passes until all is counted
    assert [node["total_down"] for node in graph["graph"]["node"]][:1] == [taken]
    assert graph["graph"]["edge"] == [[0, 1]]


async def received_by(daemon):
    """Return what came over the circuit in use, once the last count knows of the whole torrent."""
    received = max(circuit["bytes_down"] for circuit in await daemon.circuits())
    return received if received > MIB else 0


async def total(daemon, key):
    return (await daemon.get("/bandwidth/statistics"))["statistics"][key]
