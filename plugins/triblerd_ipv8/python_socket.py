"""The socket in Python, for where there is none in Rust. Whoever carries tunnels over it does so in Python, too."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final, cast

from ipv8.messaging.interfaces.udp.endpoint import Address, UDPEndpoint, UDPv4Address

from triblerd_ipv8.answers import is_address
from triblerd_ipv8.counting import MessageCounts
from triblerd_ipv8.intake import HEADER_BYTES, Allowance, Datagram, Intake
from triblerd_ipv8.quiet import seldom

MOST_UNSENT_BYTES: Final = 1 << 20
"""What may wait while the system takes no more; what comes then is dropped, as by a socket whose buffer is full."""

MOST_PORTS: Final = 1000
BUFFER_BYTES: Final = 870_400
"""What the system shall keep for us while we are busy."""

Taker = Callable[[Address, bytes], bool]


class PythonSocket(UDPEndpoint):
    """Implements ``NodeSocket``.

    Args:
        port: The UDP port; if it is taken, the next free one; 0 for any.
        address: To bind.

    Attributes:
        host: The address.
    """

    kind = "python"

    def __init__(self, port: int, address: str) -> None:
        super().__init__(port, address)
        self.host = address
        loop = asyncio.get_running_loop()
        self.intake = Intake(deliver=self._deliver, call_soon=loop.call_soon, allowance=Allowance())
        self.messages = MessageCounts()
        self._logger = seldom(self._logger)
        self._takers: dict[bytes, Taker] = {}
        self._place: Address | None = None

    def divert(self, head: bytes, taker: Taker | None) -> None:
        """Hand packets that begin in some way to somebody at once, past the limit, who has limits of their own.

        Args:
            head: 23 bytes: the prefix of an overlay and a message's number.
            taker: Called with where a packet comes from and with it; returns whether it was taken, or else it goes the
                way of all packets. ``None`` for nobody any more.
        """
        if taker is None:
            self._takers.pop(head, None)
        else:
            self._takers[head] = taker

    def datagram_received(self, datagram: bytes, addr: Address) -> None:
        """Take a packet from the loop, which hands over one at a time."""
        self.bytes_down += len(datagram)
        taker = self._takers.get(datagram[:HEADER_BYTES])
        if taker is not None:
            try:
                if taker(UDPv4Address(*addr), datagram):
                    self.messages.received(datagram)
                    return
            except Exception:
                self._logger.debug("A packet from %s:%s could not be handled", *addr, exc_info=True)
                return
        self.intake.arrived(addr[0], addr[1], datagram)

    async def open(self) -> bool:
        """Open the socket, and return whether that was possible."""
        ports = range(self._port, min(self._port + MOST_PORTS, 1 << 16)) if self._port else (0,)
        one = next(filter(None, (_bound(self._ip, port) for port in ports)), None)
        if one is None:
            return False
        self._place = UDPv4Address(*one.getsockname())
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=one)
        self._running = True
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    async def close(self) -> None:  # type: ignore[override]  # the dispatcher awaits it, or does not
        """Close the socket for good."""
        super().close()
        await asyncio.sleep(0)  # the loop lets go of it with its next turn

    def get_address(self) -> Address:
        """Return where it is, or was."""
        if self._place is None:
            self.assert_open()
        return cast("Address", self._place)

    def send(self, socket_address: Address, packet: bytes) -> None:
        """Send a packet; it is lost, as any packet may be, while the socket is closed or the system takes no more.

        Nor does it go to what is no address of IPv4, which peers may have named.
        """
        transport: Any = self._transport
        host, port = socket_address[0], socket_address[1]
        if (
            not self._running
            or transport.get_write_buffer_size() > MOST_UNSENT_BYTES
            or not (is_address(host) and 0 < port < 1 << 16)
        ):
            self._logger.debug("A packet is not sent to %s:%s", host, port)
            return
        transport.sendto(packet, (host, port))
        self.bytes_up += len(packet)
        self.messages.sent(packet)

    def error_received(self, _: Exception) -> None:
        """Ignore that a packet did not arrive, as any may."""

    def traffic(self) -> tuple[int, int]:
        """Return the bytes that were sent and received."""
        return self.bytes_up, self.bytes_down

    def _deliver(self, datagram: Datagram) -> None:
        host, port, data = datagram
        self.messages.received(data)
        self.notify_listeners((UDPv4Address(host, port), data))


def _bound(host: str, port: int) -> socket.socket | None:
    """Return a socket at an address; ``None`` if that is taken, or none of this machine."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        one.setblocking(False)
        one.bind((host, port))
    except OSError:
        one.close()
        return None
    return one
