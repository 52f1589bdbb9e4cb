"""Where two circuits meet, what goes through is counted, and goes on as long as something does."""

import pytest
from ipv8.messaging.anonymization.payload import EstablishRendezvousPayload, LinkE2EPayload

from tests.plugins.tunnels.test_circuits import service, settings
from tests.plugins.tunnels.test_policy import community_of
from triblerd.testing import wait_for
from triblerd_tunnels.api import CircuitBook, CircuitClosed, RelayClosed, TunnelRemoved, TunnelView

COOKIE = b"c" * 20
PACKET = bytes(1000)
QUIET_SECONDS = 10.0
IDLE_SECONDS = 60.0
"""Longer than anything may be without activity."""


@pytest.fixture(params=["rust", "python"])
async def meeting(start_daemon, start_nodes, request):
    """Let two nodes meet at a daemon; yield it, them, and their circuits."""
    nodes = await start_nodes((), ())
    async with start_daemon("tunnels", config=settings(nodes, endpoint=request.param)) as daemon:
        await wait_for(lambda: all(map(helpers, nodes)), what="what the daemon does")
        circuits = [await meet(node) for node in nodes]
        say(nodes[0], circuits[0], EstablishRendezvousPayload(circuits[0].circuit_id, 1, COOKIE))
        await wait_for(lambda: community_of(daemon).rendezvous_point_for, what="the first")
        say(nodes[1], circuits[1], LinkE2EPayload(circuits[1].circuit_id, 1, COOKIE))
        await wait_for(lambda: community_of(daemon).relay_from_to, what="the second")
        yield daemon, nodes, circuits


def helpers(node):
    return [peer for peer, flags in node.tunnels.candidates.items() if flags]


async def meet(node):
    circuit = node.tunnels.create_circuit(1, required_exit=helpers(node)[0])
    assert await circuit.ready
    return circuit


def say(node, circuit, payload):
    node.tunnels.send_cell(circuit.hop.address, payload)


def send(node, circuit, packets):
    for _ in range(packets):
        node.tunnels.send_data(circuit.hop.address, circuit.circuit_id, ("127.0.0.1", 1), ("0.0.0.0", 0), PACKET)


def grow_old(daemon, seconds):
    links = list(community_of(daemon).relay_from_to.values())
    for link in links:
        link.last_activity -= seconds
    return [link.last_activity for link in links]


def ages(daemon):
    return [link.last_activity for link in community_of(daemon).relay_from_to.values()]


async def test_circuits_that_met_stay_together_while_something_goes_through(meeting):
    daemon, nodes, circuits = meeting
    old = grow_old(daemon, QUIET_SECONDS)

    send(nodes[0], circuits[0], 1)
    await wait_for(lambda: min(ages(daemon)) > max(old), what="a sign of life")

    assert len(service(daemon, TunnelView).relays()) == 2


async def test_circuits_that_met_part_when_nothing_goes_through(meeting):
    daemon, _, _ = meeting
    community, book = community_of(daemon), service(daemon, CircuitBook)
    book.read_counters()

    grow_old(daemon, IDLE_SECONDS)
    book.read_counters()
    community.do_remove()

    await wait_for(lambda: not community.relay_from_to, what="the end")


async def test_both_who_met_are_told_of_with_what_went_through(meeting):
    daemon, nodes, circuits = meeting
    book = service(daemon, CircuitBook)
    closed: list[CircuitClosed | RelayClosed] = []
    book.listen(closed.append)
    numbers = [circuit.circuit_id for circuit in circuits]

    for node, circuit in zip(nodes, circuits, strict=True):
        send(node, circuit, 50)
    await wait_for(lambda: book.find_relayed(numbers[0]).bytes_down > 100 * len(PACKET), what="the count")
    with daemon.events(TunnelRemoved) as removed:
        nodes[0].tunnels.remove_circuit(numbers[0], destroy=1)
        legs = [await removed.next(), await removed.next()]

    assert [leg.circuit_class for leg in legs] == ["RelayRoute", "RelayRoute"]
    ends = {one.circuit_id: one for one in closed if isinstance(one, RelayClosed)}
    assert len(closed) == 2
    for node, number in zip(nodes, numbers, strict=True):
        end = ends[number]
        assert end.previous_hop.public_key == node.public_key
        assert (end.next_hop, end.next_circuit_id) == (None, 0)
        assert 100 * len(PACKET) < end.bytes_down == end.bytes_up < 130 * len(PACKET)
        assert book.find_relayed(number) == end
