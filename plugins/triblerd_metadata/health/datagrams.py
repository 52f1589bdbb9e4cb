"""One socket of UDP for any number of questions."""

import asyncio
import socket
from abc import ABC, abstractmethod

from triblerd_libtorrent.api import Endpoint, SocksDatagrams, associate
from triblerd_metadata.health.outgoing import Address, Detour, Outgoing


class DatagramSocket(asyncio.DatagramProtocol, ABC):
    """Sends, and receives what is meant for somebody."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._detour: SocksDatagrams | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent."""
        return self._transport is not None or (self._detour is not None and not self._detour.closed.is_set())

    async def open(self, outgoing: Outgoing | Detour) -> None:
        """Open the socket.

        Raises:
            OSError: there is no such place to speak from.
        """
        if isinstance(outgoing, Detour):
            self._detour = await associate(outgoing.server, self.datagram_received)
            return
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=outgoing.socket(socket.SOCK_DGRAM))

    def close(self) -> None:
        """Close the socket; whoever waits is told."""
        if self._transport is not None:
            self._transport.close()
        if self._detour is not None:
            self._detour.close()
            self.closed()

    def send(self, packet: bytes, address: Address) -> bool:
        """Send, or return false: the socket is closed."""
        if self._detour is not None:
            self._detour.send(packet, Endpoint(*address))
            return self.is_open
        if self._transport is None:
            return False
        self._transport.sendto(packet, address)
        return True

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Take the socket."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell those who wait."""
        self._transport = None
        self.closed()

    @abstractmethod
    def closed(self) -> None:
        """Tell those who wait that the socket is closed."""
