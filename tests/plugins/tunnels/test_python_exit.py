"""Ends of others' circuits at a node whose endpoint is the one in Python: what leaves there, and what does not."""

import asyncio
from contextlib import asynccontextmanager, closing

import pytest

from tests.plugins.tunnels.nodes import EXIT, RELAY, PythonNode
from tests.plugins.tunnels.socks import HELLO, associate, host, say
from triblerd.testing import wait_for
from triblerd_tunnels.python.cells import pack_address
from triblerd_tunnels.python.exits import reaches
from triblerd_tunnels.python.web import MOST_AT_ONCE


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


class OurRustNode(PythonNode):
    endpoint = "rust"


@pytest.fixture(params=[PythonNode, OurRustNode], ids=["python", "rust"])
async def asking(request):
    """The SOCKS5 server of a node with a circuit to an exit in Python."""
    end = PythonNode(EXIT, [])
    await end.start()
    owner = request.param((), [end.contact])
    await owner.start()
    await wait_for(lambda: owner.tunnels.get_candidates(2, 32768), what="the exit")
    await owner.circuit(hops=1)
    yield await owner.carrier.serve(1)
    await owner.stop()
    await end.stop()


@asynccontextmanager
async def web(answer, *, patience=0.0):
    """A web server that answers everything so, after some seconds; yields its port and the requests."""
    requests = []

    async def serve(reader, writer):
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(patience)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], requests


REQUEST = b"GET /announce?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"
FOUND = b"HTTP/1.1 200 OK\r\n\r\nd8:intervali" + b"1" * 40_000 + b"ee"
MOVED = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere/\r\n\r\n"


@pytest.mark.parametrize("answer", [FOUND, MOVED], ids=["found", "moved"])
async def test_it_asks_trackers_for_owners_of_circuits(asking, answer):
    async with web(answer) as (port, requests):
        connect = b"\x05\x01\x00\x03\x09localhost" + port.to_bytes(2)
        came = await say(asking, HELLO, connect, REQUEST, answers=(2, 10))

    assert came[12:] == answer
    assert requests == [REQUEST]


async def test_nobody_browses_through_it(pair):
    end, owner = pair
    await wait_for(lambda: owner.tunnels.get_candidates(2, 32768), what="the exit")
    circuit = await owner.circuit(hops=1)
    tunnel = end.tunnels.exit_sockets[circuit.circuit_id]
    async with web(b"HTTP/1.1 200 OK\r\n\r\n<html>", patience=0.5) as (port, requests):
        head = bytes((28,)) + bytes(4) + pack_address("127.0.0.1", port)
        for _ in range(2 * MOST_AT_ONCE):
            owner.carrier._requests._cells.send(circuit, head + len(REQUEST).to_bytes(2) + REQUEST)
        for rubbish in (head[:-1], head, head + b"\x00\x00", head + b"\x00\x05GET ", head + b"\x00\x08EHLO x\r\n"):
            owner.carrier._requests._cells.send(circuit, rubbish)
        await wait_for(lambda: len(requests) >= MOST_AT_ONCE, what="requests")
        await wait_for(lambda: tunnel.bytes_up > 2 * MOST_AT_ONCE * len(REQUEST), what="all of them")
        await wait_for(lambda: not end.carrier._web._under_way, what="the end of all")
        await owner.tunnels.send_test_request(circuit, 1, 1)  # behind what came back, if something did

    assert requests == [REQUEST] * MOST_AT_ONCE
    assert circuit.bytes_down < 500
