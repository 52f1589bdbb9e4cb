"""A SOCKS5 server (RFC 1928) for tests: it relays for real, on loopback alone, and remembers everything."""

import asyncio
import ipaddress
import struct
from contextlib import AsyncExitStack, suppress

from triblerd_libtorrent.socks import Endpoint

CONNECT, ASSOCIATE = 1, 3
IPV4, NAME, IPV6 = 1, 3, 4
LENGTHS = {IPV4: 4, IPV6: 16}
GRANTED, REFUSED, UNKNOWN_COMMAND = 0, 2, 7


class SocksServer:
    """Sends what it is given from an address of its own, the exit's, and nothing beyond 127.0.0.0/8.

    Attributes:
        exit: The address that peers and servers see.
        names: The addresses of hosts that it is asked for by name.
        connects: Whom it was asked to connect to.
        datagrams: What it was given to send, and to whom.
        is_open: While it is not, datagrams in both directions are dropped, and connections end at once.
    """

    def __init__(self, exit_address: str = "127.0.0.77", names: dict[str, str] | None = None) -> None:
        self.exit = exit_address
        self.names = names or {}
        self.connects: list[Endpoint] = []
        self.datagrams: list[tuple[Endpoint, bytes]] = []
        self.is_open = True
        self.port = 0
        self._associated = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # in which what was closed ends

    async def associated(self) -> None:
        """Return when somebody has an association."""
        await self._associated.wait()

    def address_of(self, target: Endpoint) -> str | None:
        """Return the address of a target, ``None`` for one that is not of this machine."""
        host = self.names.get(target.host, target.host)
        try:
            return host if ipaddress.ip_address(host).is_loopback and host != "127.0.0.255" else None
        except ValueError:
            return None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        length = LENGTHS.get(kind) or (await reader.readexactly(1))[0]
        raw = await reader.readexactly(length)
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        target = Endpoint(raw.decode() if kind == NAME else str(ipaddress.ip_address(raw)), port)
        if command == CONNECT:
            await self._connect(target, reader, writer)
        elif command == ASSOCIATE:
            await self._associate(reader, writer)
        else:
            writer.write(reply(UNKNOWN_COMMAND))

    async def _connect(self, target: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects.append(target)
        address = self.address_of(target)
        if address is None:
            writer.write(reply(REFUSED))
            return
        writer.write(reply(GRANTED))
        if not self.is_open:
            return
        far_reader, far_writer = await asyncio.open_connection(address, target.port, local_addr=(self.exit, 0))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pipe(reader, far_writer))
                group.create_task(pipe(far_reader, writer))
        except* OSError:
            pass  # one of them is gone
        finally:
            far_writer.close()

    async def _associate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        association = _Association(self)
        async with AsyncExitStack() as stack:
            association.near, _ = await loop.create_datagram_endpoint(lambda: association, local_addr=("127.0.0.1", 0))
            stack.callback(association.near.close)
            association.far, _ = await loop.create_datagram_endpoint(
                lambda: _FarSide(association), local_addr=(self.exit, 0)
            )
            stack.callback(association.far.close)
            writer.write(reply(GRANTED, *association.near.get_extra_info("sockname")))
            self._associated.set()
            await reader.read(1)


class _Association(asyncio.DatagramProtocol):
    """The side of whoever asked for it: the first to send."""

    near: asyncio.DatagramTransport
    far: asyncio.DatagramTransport

    def __init__(self, server: SocksServer) -> None:
        self.server = server
        self.owner: tuple[str, int] | None = None

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        self.owner = self.owner or sender
        if sender != self.owner or data[:3] != bytes(3):
            return
        kind, start = data[3], 4
        length = LENGTHS.get(kind)
        if length is None:
            length, start = data[4], 5
        raw, end = data[start : start + length], start + length
        host = raw.decode() if kind == NAME else str(ipaddress.ip_address(raw))
        target = Endpoint(host, struct.unpack_from("!H", data, end)[0])
        self.server.datagrams.append((target, data[end + 2 :]))
        address = self.server.address_of(target)
        if address is not None and self.server.is_open and ":" not in address:
            self.far.sendto(data[end + 2 :], (address, target.port))


class _FarSide(asyncio.DatagramProtocol):
    """The side of peers and trackers."""

    def __init__(self, association: _Association) -> None:
        self.association = association

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        one = self.association
        if one.owner is not None and one.server.is_open:
            packed = ipaddress.ip_address(sender[0]).packed + struct.pack("!H", sender[1])
            one.near.sendto(bytes(3) + bytes((IPV4,)) + packed + data, one.owner)

    def error_received(self, _: Exception) -> None:
        """Nobody listens there, which happens."""


def reply(answer: int, host: str = "0.0.0.0", port: int = 0) -> bytes:
    return bytes((5, answer, 0, IPV4)) + ipaddress.ip_address(host).packed + struct.pack("!H", port)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(1 << 16):
        writer.write(part)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
