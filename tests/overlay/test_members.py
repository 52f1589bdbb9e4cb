"""Several daemons of ours in one network: what one carries another one pays for."""

import os

from tests.overlay.member import join
from tests.overlay.network import RELAY
from tests.plugins.bandwidth.owed import accounts, drawn, expected_drawing
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
        async with (
            join(network, tmp_path / "owner", *areas, ipv8=contacts, bandwidth_accounting=PAYING) as owner,
            accounts({"exit": carrier, "owner": owner}, "owner") as paid,
        ):
            await owner.add(plain_seeder.magnet(torrent), hops=1)
            await owner.wait_for_progress(torrent, 1.0)
            await paid.turn_tunnels_off_and_on()  # circuits that close are paid for when there are tunnels again

            await wait_for(lambda: are_equal(paid), 20, what="the payouts")
            graphs = [await drawn(daemon) for daemon in (owner, carrier)]

    [(_, _, received)] = paid.watches["owner"].used()
    assert MIB < received < MIB * 1.25
    assert graphs == [expected_drawing(paid.ids[name], paid.debts()) for name in ("owner", "exit")]
    assert paid.debts() == {(paid.ids["owner"], paid.ids["exit"]): received}


async def are_equal(paid):
    return await paid.figures() == paid.expected_figures()
