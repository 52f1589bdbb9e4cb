"""Circuits are built through other people's nodes, counted, and told of when they go."""

from tests.plugins.tunnels.nodes import EXIT, RELAY
from triblerd.testing import wait_for
from triblerd_libtorrent.api import Tunnels, TunnelState
from triblerd_tunnels.api import TunnelView


def service(daemon, kind):
    return daemon.daemon.container.services().find(kind)


def settings(nodes, *, endpoint="auto", **tunnels):
    return {
        "ipv8": {"bootstrap": [nodes[0].contact], "endpoint": endpoint},
        "tunnel_community": {"min_circuits": 1, "max_circuits": 2, **tunnels},
    }


async def test_circuits_of_one_and_two_hops_get_ready_when_they_are_wanted(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT, RELAY)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        tunnels, view = service(daemon, Tunnels), service(daemon, TunnelView)
        await wait_for(lambda: len(view.peers()) == 2, what="peers")
        before = tunnels.state(1), view.circuits()

        for hops in (1, 2):
            tunnels.want(hops)
        await wait_for(lambda: tunnels.state(1) == tunnels.state(2) == TunnelState.READY, what="circuits")

        assert before == (TunnelState.NO_CIRCUITS, [])
        ready = {row.goal_hops: row.verified_hops for row in view.circuits() if row.state == "READY"}
        assert ready[1] == [nodes[0].mid]
        assert ready[2] == [nodes[1].mid, nodes[0].mid]
