"""A client of SOCKS5 that says whatever a test wants, and a host that answers datagrams."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

from triblerd_tunnels.python.cells import pack_address

HELLO = b"\x05\x01\x00"
NO_ADDRESS = b"\x01" + bytes(6)


class Host(asyncio.DatagramProtocol):
    """Answers each datagram with the same, and keeps it."""

    def __init__(self):
        self.received = []
        self.visitors = set()

    def connection_made(self, transport):
        self._transport = transport
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data, addr):
        self.received.append(data)
        self.visitors.add(addr[0])
        self._transport.sendto(data, addr)


@asynccontextmanager
async def host(address="127.0.0.1"):
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Host, local_addr=(address, 0))
    try:
        yield protocol
    finally:
        transport.close()


async def say(port, *parts, answers=()):
    """Say one part after the other, each when as many bytes came as ``answers`` says; return all that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    came = b""
    for part, length in zip(parts, (*answers, 0, 0, 0), strict=False):
        writer.write(part)
        came += await reader.readexactly(length)
    with suppress(ConnectionError):
        came += await reader.read()
    writer.close()
    return came


class Client:
    """An association."""

    def __init__(self, writer, relay):
        self._writer = writer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.relay = relay
        self.address = self._socket.getsockname()

    def send_raw(self, datagram):
        self._socket.sendto(datagram, self.relay)

    def send(self, target, data):
        packed = pack_address(*target)
        if packed[0] == 2:  # a name, which SOCKS5 has in another form
            packed = b"\x03" + packed[2:]
        self.send_raw(bytes(3) + packed + data)

    async def receive(self):
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self._socket, 9000)

    def close(self):
        self._socket.close()
        self._writer.close()


async def associate(port):
    """Ask for an association; return it, or the number of the refusal."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HELLO + b"\x05\x03\x00" + NO_ADDRESS)
    assert await reader.readexactly(2) == b"\x05\x00"
    _, answer, _, _, *host, high, low = await reader.readexactly(10)
    if answer:
        writer.close()
        return answer
    return Client(writer, (".".join(map(str, host)), high << 8 | low))
