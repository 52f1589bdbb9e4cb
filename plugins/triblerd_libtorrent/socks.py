"""The client's side of SOCKS5 (RFC 1928), without authentication: TCP by CONNECT, UDP by ASSOCIATE."""

import asyncio
import ipaddress
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

_VERSION, _NO_AUTHENTICATION = 5, 0
_CONNECT, _ASSOCIATE = 1, 3
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS = {_IPV4: 4, _IPV6: 16}
_MOST_NAME = 255
_UDP_HEAD = 3  # two reserved bytes, and the number of a fragment

_REFUSALS = {
    1: "it failed",
    2: "its rules forbid it",
    3: "the network is unreachable",
    4: "the host is unreachable",
    5: "the connection was refused",
    6: "the packet lived too long",
    7: "it does not know the command",
    8: "it does not know this kind of address",
}


class Endpoint(NamedTuple):
    """A host, by address or by name, and a port."""

    host: str
    port: int


class SocksError(OSError):
    """A SOCKS5 server does not do what it is asked for, or is none."""


async def connect_through(server: Endpoint, target: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection by a SOCKS5 server, which resolves the name of a host.

    Raises:
        OSError: the server cannot be reached, refuses (``SocksError``), or breaks off.
    """
    reader, writer = await asyncio.open_connection(*server)
    try:
        await _ask(reader, writer, _CONNECT, target)
    except BaseException:
        writer.close()
        raise
    return reader, writer


class SocksDatagrams(asyncio.DatagramProtocol):
    """Datagrams by way of a SOCKS5 server. Made by ``associate``.

    Args:
        received: Called with the bytes of each datagram and with who sent it.
    """

    def __init__(self, received: Callable[[bytes, Endpoint], None]) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self._control: asyncio.StreamWriter | None = None
        self._watch: asyncio.Task[None] | None = None
        self.closed: Final = asyncio.Event()
        """Set when the server has ended the association, or we have."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Note the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, _: object) -> None:
        """Take the wrapping off a datagram; what is none, or a fragment, is dropped."""
        with suppress(SocksError, IndexError, struct.error):
            if data[:_UDP_HEAD] == bytes(_UDP_HEAD):
                sender, payload = _unpacked(data[_UDP_HEAD:])
                self._received(payload, sender)

    def send(self, data: bytes, target: Endpoint) -> None:
        """Send a datagram; after the end nothing happens."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(bytes(_UDP_HEAD) + _packed(target) + data)

    def error_received(self, _: Exception) -> None:
        """Ignore that a datagram did not arrive, as any may."""

    def close(self) -> None:
        """End the association."""
        self.closed.set()
        if self._watch is not None:
            self._watch.cancel()
        for one in (self._transport, self._control):
            if one is not None:
                one.close()

    def held_by(self, reader: asyncio.StreamReader, control: asyncio.StreamWriter) -> None:
        """Last as long as the connection that the association was asked for on."""
        self._control = control

        async def watch() -> None:
            with suppress(OSError):
                await reader.read(1)
            self.close()

        self._watch = asyncio.get_running_loop().create_task(watch())


async def associate(server: Endpoint, received: Callable[[bytes, Endpoint], None]) -> SocksDatagrams:
    """Have a SOCKS5 server send and take datagrams for us.

    Raises:
        OSError: the server cannot be reached, refuses (``SocksError``), or breaks off.
    """
    reader, control = await asyncio.open_connection(*server)
    try:
        relay = await _ask(reader, control, _ASSOCIATE, Endpoint("0.0.0.0", 0))  # noqa: S104 - it shall see who sends
        host = server.host if ipaddress.ip_address(relay.host).is_unspecified else relay.host
        loop = asyncio.get_running_loop()
        _, datagrams = await loop.create_datagram_endpoint(
            lambda: SocksDatagrams(received), remote_addr=(host, relay.port)
        )
    except BaseException:
        control.close()
        raise
    datagrams.held_by(reader, control)
    return datagrams


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: int, target: Endpoint) -> Endpoint:
    try:
        writer.write(bytes((_VERSION, 1, _NO_AUTHENTICATION)))
        if await reader.readexactly(2) != bytes((_VERSION, _NO_AUTHENTICATION)):
            msg = "the SOCKS5 server wants a password, or is none"
            raise SocksError(msg)
        writer.write(bytes((_VERSION, command, 0)) + _packed(target))
        _, answer, _, kind = await reader.readexactly(4)
        length = _LENGTHS.get(kind) or (await reader.readexactly(1))[0]
        host, (port,) = await reader.readexactly(length), struct.unpack("!H", await reader.readexactly(2))
    except asyncio.IncompleteReadError as error:
        msg = "the SOCKS5 server broke off"
        raise SocksError(msg) from error
    if answer:
        msg = f"the SOCKS5 server refuses: {_REFUSALS.get(answer, f'error {answer}')}"
        raise SocksError(msg)
    return Endpoint(_host(kind, host), port)


def _packed(target: Endpoint) -> bytes:
    port = struct.pack("!H", target.port)
    try:
        address = ipaddress.ip_address(target.host)
    except ValueError:
        try:
            name = target.host.encode("ascii")
        except UnicodeEncodeError:
            name = target.host.encode("idna")
        if not 0 < len(name) <= _MOST_NAME:
            msg = f"{target.host[:100]!r} is no name of a host"
            raise SocksError(msg) from None
        return bytes((_NAME, len(name))) + name + port
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed + port  # noqa: PLR2004


def _unpacked(data: bytes) -> tuple[Endpoint, bytes]:
    kind, start = data[0], 1
    length = _LENGTHS.get(kind)
    if length is None:
        length, start = data[1], 2
    end = start + length
    (port,) = struct.unpack_from("!H", data, end)
    return Endpoint(_host(kind, data[start:end]), port), data[end + 2 :]


def _host(kind: int, raw: bytes) -> str:
    if kind == _NAME:
        return raw.decode("latin-1")
    try:
        return str(ipaddress.ip_address(raw))
    except ValueError as error:
        msg = "the SOCKS5 server names no address"
        raise SocksError(msg) from error
