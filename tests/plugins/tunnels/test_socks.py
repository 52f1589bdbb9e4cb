"""The SOCKS5 server in Python, its associations, and the circuits that they go through."""

import asyncio
import socket
import struct
from contextlib import AsyncExitStack, closing

import pytest
from ipv8.messaging.anonymization.tunnel import Circuit

from tests.plugins.tunnels.nodes import EXIT, EXIT_ADDRESS, RELAY
from tests.plugins.tunnels.socks import HELLO, NO_ADDRESS, associate, host, say
from triblerd.testing import wait_for
from triblerd_tunnels.python.cells import pack_address
from triblerd_tunnels.python.requests import MOST_REQUEST
from triblerd_tunnels.python.socks import MOST_ASSOCIATIONS, MOST_CONNECTIONS

GOOD = b"d1:qe"  # an exit lets it pass: it looks like the DHT
FINE, TAKEN = b"\x05\x00", b"\x05\x00\x05\x00\x00\x01" + bytes(6)


@pytest.fixture
async def owner(start_nodes):
    """A node that knows nobody, whose endpoint is the one in Python."""
    [node] = await start_nodes(python=())
    return node


@pytest.fixture
async def with_exit(start_nodes):
    """Such a node, and an exit in Rust."""
    _, node = await start_nodes(EXIT, python=())
    return node


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (b"\x05\x01\x02", b"\x05\xff"),
        (b"\x05\x00", b"\x05\xff"),
        (HELLO + b"\x04\x03\x00" + NO_ADDRESS, FINE),
        (HELLO + b"\x05\x02\x00" + NO_ADDRESS, FINE + b"\x05\x07\x00\x01" + bytes(6)),
        (HELLO + b"\x05\x03\x00\x09", FINE + b"\x05\x08\x00\x01" + bytes(6)),
        (HELLO + b"\x05\x01\x00\x03\x00\x00\x50", FINE),
        (HELLO + b"\x05\x01\x00" + NO_ADDRESS + b"\x16\x03\x01\x02\x00", TAKEN),
        (HELLO + b"\x05\x01\x00" + NO_ADDRESS + b"GET / HTTP/1.1\r\n\r\n", TAKEN),
    ],
    ids=["socks4", "http", "password", "no-method", "version", "bind", "kind", "no-name", "tls", "no-circuit"],
)
async def test_what_is_no_request_that_it_knows_is_refused(owner, said, answer):
    port = await owner.carrier.serve(1)

    assert await say(port, said) == answer


async def test_who_breaks_off_leaves_nothing(owner):
    port = await owner.carrier.serve(1)
    for said in (b"", b"\x05", b"\x05\x09\x00", HELLO + b"\x05\x03\x00\x03\xff"):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        writer.close()

    server = owner.carrier._servers[1]
    await wait_for(lambda: not server._connections, what="the end of all connections")


async def test_no_more_associations_and_connections_than_there_may_be(owner):
    port = await owner.carrier.serve(1)
    async with AsyncExitStack() as stack:
        for _ in range(MOST_ASSOCIATIONS):
            client = stack.enter_context(closing(await associate(port)))
        refused = await associate(port)
        client.close()
        await wait_for(lambda: owner.carrier.servers()[0].associations < MOST_ASSOCIATIONS, what="a free one")
        client = stack.enter_context(closing(await associate(port)))
        for _ in range(MOST_CONNECTIONS - MOST_ASSOCIATIONS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)

        assert refused == 1
        assert await say(port, HELLO) == b""


async def test_a_datagram_goes_through_a_circuit_and_its_answer_comes_back(with_exit):
    await with_exit.circuit(hops=1)
    async with host() as target:
        with closing(await associate(await with_exit.carrier.serve(1))) as client:
            client.send(target.address, GOOD)
            answer = await client.receive()

    port = target.address[1].to_bytes(2)
    assert answer == bytes(3) + b"\x01\x7f\x00\x00\x01" + port + GOOD
    assert target.visitors == {EXIT_ADDRESS}


async def test_what_is_no_datagram_of_the_client_is_dropped(with_exit):
    circuit = await with_exit.circuit(hops=1)
    async with host() as target:
        with closing(await associate(await with_exit.carrier.serve(1))) as client:
            place = b"\x01" + socket.inet_aton("127.0.0.1") + target.address[1].to_bytes(2)
            client.send(target.address, GOOD)
            await client.receive()
            sent = circuit.bytes_up
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(bytes(3) + place + GOOD, client.relay)
            for rubbish in (
                b"",
                bytes(3),
                b"\x00\x00\x01" + place + GOOD,  # a fragment
                b"\x00\x01\x00" + place + GOOD,
                bytes(3) + place,
                bytes(3) + place[:-1],
                bytes(3) + b"\x09" + place[1:] + GOOD,
                bytes(3) + b"\x03\x00" + place[-2:] + GOOD,
                bytes(3) + b"\x03\xff" + GOOD,
                bytes(3) + b"\x04" + bytes(17),
                bytes(3) + place + GOOD + bytes(8192),
                bytes(3) + b"\x01\x01\x02\x03\x04\x04\x00" + GOOD,  # a hidden peer to whom there is no circuit
            ):
                client.send_raw(rubbish)
            client.send(target.address, b"d4:laste")
            await client.receive()

    assert target.received == [GOOD, b"d4:laste"]
    assert circuit.bytes_up - sent < 2 * 150  # the last one, and perhaps a ping
    assert with_exit.carrier.peers_over(circuit.circuit_id) == {target.address}


async def test_without_a_circuit_of_its_length_a_datagram_is_lost(start_nodes):
    _, _, owner = await start_nodes(EXIT, RELAY, python=())
    async with host() as target:
        with closing(await associate(await owner.carrier.serve(1))) as client:
            client.send(target.address, b"d1:0e")
            await owner.circuit(hops=2)
            client.send(target.address, b"d1:2e")
            circuit = await owner.circuit(hops=1)
            client.send(target.address, b"d1:1e")
            await client.receive()
            owner.tunnels.drop(circuit, "a test")
            client.send(target.address, b"d1:3e")
            await owner.circuit(hops=1)
            client.send(target.address, b"d1:4e")
            await client.receive()

    assert target.received == [b"d1:1e", b"d1:4e"]


async def test_a_circuit_belongs_to_one_association_until_that_ends(with_exit):
    await with_exit.circuit(hops=1)
    port = await with_exit.carrier.serve(1)
    async with host() as target:
        with closing(await associate(port)) as second:
            with closing(await associate(port)) as first:
                first.send(target.address, b"d5:firste")
                await first.receive()
                second.send(target.address, b"d5:loste")
                first.send(target.address, b"d5:againe")
                await first.receive()
            await wait_for(lambda: with_exit.carrier.servers()[0].associations == 1, what="the end of the first")
            second.send(target.address, b"d6:seconde")
            await second.receive()

    assert target.received == [b"d5:firste", b"d5:againe", b"d6:seconde"]


async def test_a_plain_request_is_made_by_an_exit_that_makes_some(with_exit):
    body = b"d" + b"8:intervali" + b"1" * 5000 + b"e" + b"e"

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    await wait_for(lambda: with_exit.tunnels.get_candidates(2, 32768), what="an exit's flags")
    await with_exit.circuit(hops=1)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        place = b"\x01" + socket.inet_aton("127.0.0.1") + port.to_bytes(2)
        socks = await with_exit.carrier.serve(1)
        answer = await say(socks, HELLO, b"\x05\x01\x00" + place, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", answers=(2, 10))

    assert answer.startswith(TAKEN + b"HTTP/1.1 200 OK")
    assert answer.endswith(body)


async def test_parts_of_an_answer_that_do_not_fit_are_dropped(with_exit):
    may_answer, was_asked = asyncio.Event(), asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        was_asked.set()
        await may_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nd1:ai1ee")
        writer.close()

    await wait_for(lambda: with_exit.tunnels.get_candidates(2, 32768), what="an exit's flags")
    circuit = await with_exit.circuit(hops=1)
    requests = with_exit.carrier._requests
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        target = pack_address(*server.sockets[0].getsockname())
        asking = asyncio.create_task(requests.ask(1, target, b"GET / HTTP/1.1\r\n\r\n"))
        await was_asked.wait()
        (number,) = requests._waiting
        for other, at, part, total in (
            (Circuit(circuit.circuit_id, 1), number, 0, 1),  # of another circuit
            (circuit, number ^ 1, 0, 1),  # of another request
            (circuit, number, 1, 1),
            (circuit, number, 2, 2),
            (circuit, number, 0, 65535),
        ):
            assert requests.received(other, struct.pack("!BIHHH", 29, at, part, total, 4) + b"evil")
        assert requests.received(circuit, b"\x1d")
        may_answer.set()
        answer = await asking

        assert await requests.ask(1, target, b"GET /" + bytes(MOST_REQUEST)) == b""
        assert await requests.ask(2, target, b"GET / HTTP/1.1\r\n\r\n") == b""

    assert answer.endswith(b"d1:ai1ee")
    assert requests._waiting == {}


async def test_closing_ends_servers_associations_and_listening(owner):
    port = await owner.carrier.serve(1)
    with closing(await associate(port)) as client:
        await owner.carrier.close()

        assert owner.carrier.servers() == []
        assert owner.tunnels.crypto_endpoint not in owner._node.socket._prefix_map.get(owner.tunnels.get_prefix(), [])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(client.relay)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
