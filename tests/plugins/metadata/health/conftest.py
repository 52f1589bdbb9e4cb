import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from triblerd_metadata.health.http_tracker import HttpTrackers
from triblerd_metadata.health.outgoing import Names, Outgoing
from triblerd_metadata.health.udp_tracker import UdpTrackers

HERE = Outgoing(address="127.0.0.1")
"""Whoever speaks from there reaches this machine alone."""


@pytest.fixture
async def names():
    """Offer the addresses of hosts."""
    names = Names(_only_this_machine)
    yield names
    await names.close()


@pytest.fixture
async def udp():
    """Offer what asks trackers over UDP."""
    trackers = UdpTrackers(pause_seconds=0.5)
    await trackers.open(HERE)
    yield trackers
    trackers.close()
    await asyncio.sleep(0)


@pytest.fixture
async def http(names):
    """Offer what asks trackers over HTTP."""
    trackers = HttpTrackers(names)
    trackers.open(HERE)
    yield trackers
    await trackers.close()


def _only_this_machine(host):
    if host != "localhost":
        raise socket.gaierror(-2, "nobody knows it")
    return "127.0.0.1"


@asynccontextmanager
async def datagram_server(answer, host="127.0.0.1"):
    """Run a server that calls ``answer(data, send)`` for each datagram; yield its address."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            answer(data, lambda reply: self.transport.sendto(reply, addr))

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=(host, 0))
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def raw_http_server(*answers):
    """Run a server that sends the next of these bytes to whoever asks, again and again; yield its announce URL.

    An answer may also be a function, called with the request's head and the writer.
    """
    heads: list[str] = []

    async def serve(reader, writer):
        answer = answers[len(heads) % len(answers)]
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head.decode())
        try:
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/announce", heads
    finally:
        server.close()
        await server.wait_closed()
