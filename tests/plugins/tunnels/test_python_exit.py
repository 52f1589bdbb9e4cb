"""Ends of others' circuits at a node whose endpoint is the one in Python: what leaves there, and what does not."""

from contextlib import closing

import pytest

from tests.plugins.tunnels.nodes import EXIT, RELAY, OtherNode, PythonNode
from tests.plugins.tunnels.socks import associate, host
from triblerd.testing import wait_for
from triblerd_tunnels.python.cells import pack_address
from triblerd_tunnels.python.exits import reaches


@pytest.fixture
async def pair():
    """An exit, and who uses it, both in Python."""
    end = PythonNode(EXIT, [])
    await end.start()
    owner = PythonNode((), [end.contact])
    await owner.start()
    yield end, owner
    await owner.stop()
    await end.stop()


async def test_only_what_looks_like_torrents_leaves_and_is_counted(pair):
    end, owner = pair
    await wait_for(lambda: owner.tunnels.candidates, what="the exit")
    circuit = await owner.circuit(hops=1)
    async with host() as target:
        with closing(await associate(await owner.carrier.serve(1))) as client:
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"EHLO", b"d1:qe"):
                client.send(target.address, data)
            await client.receive()
            tunnel = end.tunnels.exit_sockets[circuit.circuit_id]

            assert target.received == [b"d1:qe"]
            assert tunnel.bytes_down == len(b"d1:qe")
            assert 100 < tunnel.bytes_up <= circuit.bytes_up
            assert tunnel.enabled
            assert end.carrier._exits._sockets

        owner.tunnels.drop(circuit, "a test")
        await wait_for(lambda: not end.carrier._exits._sockets, what="the end of its sockets")


async def test_an_exit_looks_names_up_and_answers_come_from_addresses(pair):
    _, owner = pair
    await wait_for(lambda: owner.tunnels.candidates, what="the exit")
    await owner.circuit(hops=1)
    async with host() as target:
        with closing(await associate(await owner.carrier.serve(1))) as client:
            for name in ("no-such-name.invalid", "x" * 200, "localhost"):
                client.send((name, target.address[1]), b"d1:qe")
            answer = await client.receive()

    assert answer == bytes(3) + b"\x01\x7f\x00\x00\x01" + target.address[1].to_bytes(2) + b"d1:qe"
    assert target.received == [b"d1:qe"]


async def test_a_node_that_is_no_exit_lets_nothing_out(start_nodes):
    exit_, end = await start_nodes(EXIT, python=RELAY)
    owner = PythonNode((), [exit_.contact])
    await owner.start()
    try:
        await wait_for(lambda: len(owner.tunnels.candidates) == 2, what="the others")
        (peer,) = [peer for peer, flags in owner.tunnels.candidates.items() if 2 not in flags]
        circuit = owner.tunnels.create_circuit(1, required_exit=peer)
        assert await circuit.ready
        async with host() as target:
            with closing(await associate(await owner.carrier.serve(1))) as client:
                client.send(target.address, b"d4:loste")
                await owner.tunnels.send_test_request(circuit, 1, 1)  # which comes later
            tunnel = end.tunnels.exit_sockets[circuit.circuit_id]

            assert (target.received, tunnel.bytes_down, tunnel.enabled) == ([], 0, False)
    finally:
        await owner.stop()


@pytest.mark.parametrize(
    ("target", "own", "is_reached"),
    [
        ("1.1.1.1", "0.0.0.0", True),
        ("2606:4700::1111", "0.0.0.0", True),
        ("127.0.0.1", "0.0.0.0", False),
        ("0.0.0.0", "0.0.0.0", False),
        ("10.0.0.1", "0.0.0.0", False),
        ("192.168.1.1", "0.0.0.0", False),
        ("169.254.169.254", "0.0.0.0", False),
        ("100.64.0.1", "0.0.0.0", False),
        ("224.0.0.1", "0.0.0.0", False),
        ("255.255.255.255", "0.0.0.0", False),
        ("::1", "0.0.0.0", False),
        ("::ffff:127.0.0.1", "0.0.0.0", False),
        ("fd00::1", "0.0.0.0", False),
        ("ff0e::1", "0.0.0.0", False),
        ("127.0.0.1", "127.0.0.5", True),
        ("127.0.0.1", "10.0.0.5", False),
        ("10.0.0.1", "10.0.0.5", True),
        ("10.0.0.1", "1.1.1.1", False),
    ],
)
def test_an_exit_reaches_the_internet_and_neither_its_machine_nor_its_network(target, own, is_reached):
    assert reaches(pack_address(target, 80), own) is is_reached
    assert not reaches(pack_address(target, 0), own)


async def test_it_promises_no_requests_to_web_servers(start_nodes):
    node, _ = await start_nodes(RELAY, python=EXIT)

    assert isinstance(node, OtherNode)
    assert set(*node.tunnels.candidates.values()) == {1, 2, 4, 8}
