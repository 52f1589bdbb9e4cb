"""Whoever keeps accounts hears what went over circuits, and may send a message beside them."""

import pytest
from ipv8.messaging.anonymization.utils import run_speed_test

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from triblerd.testing import wait_for
from triblerd_debug.api import CircuitSlots
from triblerd_libtorrent.api import Tunnels, TunnelState
from triblerd_tunnels.api import CircuitBook, CircuitClosed, PayoutMessage, RelayClosed, TunnelRemoved, TunnelView


async def test_what_went_through_this_node_is_told_once_when_the_circuit_closes(start_daemon, start_nodes):
    exit_node, owner = await start_nodes(EXIT, ())
    async with start_daemon("tunnels", config=settings([exit_node])) as daemon:
        book, slots = service(daemon, CircuitBook), service(daemon, CircuitSlots)
        closed: list[CircuitClosed | RelayClosed] = []
        book.listen(closed.append)
        await wait_for(lambda: len(owner.tunnels.candidates) == len(exit_node.tunnels.candidates) == 2, what="peers")

        circuit = await owner.circuit(hops=2)
        figures = await run_speed_test(owner.tunnels, circuit, 100, 1000, 100)
        before = book.find_relayed(circuit.circuit_id), slots.random()
        with daemon.events(TunnelRemoved) as removed:
            owner.tunnels.remove_circuit(circuit.circuit_id, destroy=1)
            legs = [await removed.next(), await removed.next()]

        assert figures["messages_received"] == 100
        assert [leg.circuit_class for leg in legs] == ["RelayRoute", "RelayRoute"]
        (relayed,) = closed
        assert isinstance(relayed, RelayClosed)
        assert (relayed.circuit_id, relayed.previous_hop.public_key) == (circuit.circuit_id, owner.public_key)
        assert relayed.next_hop is not None
        assert relayed.next_hop.public_key == exit_node.public_key
        assert relayed.next_hop.address == ("127.0.0.1", exit_node.port)
        assert 10_000 < relayed.bytes_up < 30_000
        assert 100_000 < relayed.bytes_down < 130_000
        assert book.find_relayed(circuit.circuit_id) == relayed
        assert before[0] is not None
        assert before[0].previous_hop == relayed.previous_hop
        assert before[1] == [circuit.circuit_id, None, None, None, None]
        assert slots.competing() == ()


@pytest.mark.parametrize("endpoint", ["rust", "python"])
async def test_what_ended_at_this_node_is_told_when_the_circuit_closes(start_daemon, start_nodes, endpoint):
    (owner,) = await start_nodes(())
    exit_policy = settings([owner], endpoint=endpoint, exitnode_enabled=True)
    async with start_daemon("tunnels", config=exit_policy) as daemon:
        closed: list[CircuitClosed | RelayClosed] = []
        service(daemon, CircuitBook).listen(closed.append)
        await wait_for(lambda: owner.tunnels.get_candidates(2), what="the exit")

        circuit = await owner.circuit(hops=1)
        await run_speed_test(owner.tunnels, circuit, 100, 1000, 100)
        owner.tunnels.remove_circuit(circuit.circuit_id, destroy=1)
        await wait_for(lambda: closed, what="the end of the circuit")

        (ended,) = closed
        assert isinstance(ended, RelayClosed)
        assert (ended.circuit_id, ended.next_hop, ended.next_circuit_id) == (circuit.circuit_id, None, 0)
        assert ended.bytes_up > 10_000


async def test_a_circuit_of_this_node_is_told_of_with_its_first_hop(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT, RELAY)
    async with start_daemon("tunnels", config=settings(nodes, max_circuits=1)) as daemon:
        closed: list[CircuitClosed | RelayClosed] = []
        book = service(daemon, CircuitBook)
        unlisten = book.listen(closed.append)
        book.listen(lambda _: 1 / 0)
        tunnels = service(daemon, Tunnels)
        tunnels.want(2)
        await wait_for(lambda: tunnels.state(2) is TunnelState.READY, what="a circuit")
        rows = [row for row in service(daemon, TunnelView).circuits() if row.state == "READY"]

        await nodes[1].stop()
        await wait_for(lambda: len(closed) >= len(rows), what="the end of the circuits")
        unlisten()
        unlisten()

        told = next(circuit for circuit in closed if circuit.circuit_id == rows[0].circuit_id)
        assert isinstance(told, CircuitClosed)
        assert (told.kind, told.goal_hops, told.is_end_to_end) == ("DATA", 2, False)
        assert told.first_hop is not None
        assert told.first_hop.public_key == nodes[1].public_key


async def test_a_payout_travels_beside_the_circuits_both_ways(start_daemon, start_nodes):
    (other,) = await start_nodes(EXIT)
    async with start_daemon("tunnels", config=settings([other])) as daemon:
        book = service(daemon, CircuitBook)
        came: list[tuple[tuple[str, int], PayoutMessage]] = []
        book.on_payout(lambda address, message: came.append((address, message)))
        await wait_for(lambda: other.tunnels.candidates, what="peers")
        here = next(iter(other.tunnels.candidates)).address
        record = bytes(range(256)) + bytes(40)
        message = PayoutMessage(record=record, circuit_id=0xDEADBEEF, base=41152263)

        other.receive(30)
        book.send_payout(("127.0.0.1", other.port), message)
        (packet,) = await wait_for(lambda: other.received, what="the payout")
        for wrong in (packet[:-1], packet + b"0", packet[:23]):
            other.tunnels.endpoint.send(here, wrong)
        other.tunnels.endpoint.send(here, packet)
        await wait_for(lambda: came, what="the payout back")

        assert packet[:23] == b"\x00\x02" + other.tunnels.community_id + b"\x1e"
        assert packet[23:] == record + bytes.fromhex("deadbeef0273ef07")
        assert came == [(("127.0.0.1", other.port), message)]
