"""A SOCKS5 server (RFC 1928) in front of circuits of one length: on 127.0.0.1, without authentication.

It knows UDP ASSOCIATE, and CONNECT for one plain HTTP request, as circuits carry no TCP. BIND is refused.
"""

import asyncio
from typing import Final

from triblerd_tunnels.python.associations import HOST, Association, Associations, read_socks_address
from triblerd_tunnels.python.requests import MOST_REQUEST, CircuitRequests

MOST_CONNECTIONS: Final = 64
MOST_ASSOCIATIONS: Final = 16
PATIENCE_SECONDS: Final = 10.0
"""How long a client may take to say what it wants, and to take an answer."""
IDLE_SECONDS: Final = 600.0
"""How long an association may be idle, and how often that is looked at; libtorrent asks for another after a moment."""

_VERSION, _NO_AUTHENTICATION, _NOTHING_SUITS = 5, 0, 0xFF
_CONNECT, _ASSOCIATE = 1, 3
_DONE, _FAILED, _NO_COMMAND, _NO_KIND = 0, 1, 7, 8
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS = {_IPV4: 4, _IPV6: 16}
_METHODS = (b"GET ", b"HEAD ", b"POST ")
_CHUNK = 4096


class RefusedError(Exception):
    """The client asks for what there is not.

    Attributes:
        answer: The number for it.
    """

    def __init__(self, answer: int) -> None:
        super().__init__(answer)
        self.answer = answer


class Socks5Server:
    """One server.

    Args:
        hops: The length of its circuits.
        associations: Carry datagrams.
        requests: Make requests to web servers.
    """

    def __init__(self, hops: int, *, associations: Associations, requests: CircuitRequests) -> None:
        self._hops = hops
        self._associations = associations
        self._requests = requests
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self, port: int = 0) -> None:
        """Begin to listen, where the system says if ``port`` is 0.

        Raises:
            OSError: there is no port, or another program has it.
        """
        self._server = await asyncio.start_server(self._welcome, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End it, and all connections."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer), name=f"tunnels.socks {self._hops}")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                command, target = await _question(reader, writer)
            if command == _ASSOCIATE:
                await self._associate(reader, writer)
            else:
                await self._connect(target, reader, writer)
        except RefusedError as refused:
            writer.write(_answer(refused.answer))
        except (OSError, EOFError, ValueError):  # TimeoutError is an OSError, IncompleteReadError an EOFError
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        await _parted(writer)

    async def _associate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._associations.of(self._hops)) >= MOST_ASSOCIATIONS:
            raise RefusedError(_FAILED)
        association = await self._associations.open(self._hops)
        try:
            writer.write(_answer(_DONE, association.port))
            await _until_over(reader, association)
        finally:
            self._associations.close(association)

    async def _connect(self, target: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_answer(_DONE))
        async with asyncio.timeout(PATIENCE_SECONDS):
            request = await reader.read(MOST_REQUEST + 1)
        if not request.startswith(_METHODS):
            return  # TLS, say
        writer.write(await self._requests.ask(self._hops, target, request))


async def _parted(writer: asyncio.StreamWriter) -> None:
    """Close a connection, when the client has taken all that was written, or has had time enough to."""
    writer.close()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


async def _until_over(reader: asyncio.StreamReader, association: Association) -> None:
    """Return when the client closes the connection, on which nothing more is to be said, or uses it no longer."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                if not await reader.read(_CHUNK):
                    return
        except TimeoutError:
            if not association.was_used:
                return
            association.was_used = False


async def _question(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    """Agree on no authentication; return what is asked for, and the packed address.

    Raises:
        RefusedError: that is not to be had.
        ValueError: this is no SOCKS5.
        OSError, EOFError: the client breaks off.
    """
    version, count = await reader.readexactly(2)
    if version != _VERSION:
        msg = "this is no SOCKS5"
        raise ValueError(msg)
    suits = _NO_AUTHENTICATION in await reader.readexactly(count)
    writer.write(bytes((_VERSION, _NO_AUTHENTICATION if suits else _NOTHING_SUITS)))
    if not suits:
        msg = "the client insists on authentication"
        raise ValueError(msg)
    version, command, _, kind = await reader.readexactly(4)
    if version != _VERSION:
        msg = "this is no SOCKS5"
        raise ValueError(msg)
    if command not in (_CONNECT, _ASSOCIATE):
        raise RefusedError(_NO_COMMAND)
    if kind not in (_IPV4, _NAME, _IPV6):
        raise RefusedError(_NO_KIND)
    head = bytes((kind,))
    length = _LENGTHS.get(kind)
    if length is None:
        size = await reader.readexactly(1)
        head, length = head + size, size[0]
    packed, _ = read_socks_address(head + await reader.readexactly(length + 2), 0)
    return command, packed


def _answer(number: int, port: int = 0) -> bytes:
    """Return an answer; an association is at 127.0.0.1 and a port."""
    host = bytes((127, 0, 0, 1)) if port else bytes(4)
    return bytes((_VERSION, number, 0, _IPV4)) + host + port.to_bytes(2)
