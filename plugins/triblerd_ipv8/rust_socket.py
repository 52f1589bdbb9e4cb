"""The socket in Rust, which carries what goes through tunnels by itself. Needs ``ipv8_rust_tunnels``."""

import asyncio
import os
import socket
from typing import Any, Final

from ipv8.messaging.interfaces.endpoint import EndpointClosedException
from ipv8.messaging.interfaces.udp.endpoint import Address, UDPv4Address
from ipv8_rust_tunnels._rust import EndpointNotOpenError, InvalidAddressError, _Endpoint
from ipv8_rust_tunnels.endpoint import Endpoint, ShadowDict

from triblerd_ipv8.counting import MessageCounts
from triblerd_ipv8.intake import Allowance, Datagram, Intake
from triblerd_ipv8.quiet import seldom

MOST_WORKERS: Final = 4
GRACE_SECONDS: Final = 1
"""How long the socket's threads may take to end."""
_FREE_SECONDS: Final = 5.0
"""How long one of them may hold the port afterwards: a few milliseconds as a rule, a second or two under load."""
_POLL_SECONDS: Final = 0.01

_CLOSED: Final = (EndpointNotOpenError, RuntimeError)
"""What the socket says while it is closed, and while another thread closes it: "Already borrowed"."""


class RustSocket(Endpoint):
    """Implements ``NodeSocket``, with a limit in front of what is handled in Python.

    Args:
        port: The UDP port; if it is taken, the next free one of a thousand; 0 for any.
        address: To bind.
    """

    kind = "rust"

    def __init__(self, port: int, address: str) -> None:
        super().__init__(port, address, min(MOST_WORKERS, os.cpu_count() or 1))
        self.intake = Intake(deliver=self._deliver, call_soon=self.loop.call_soon_threadsafe, allowance=Allowance())
        self.messages = MessageCounts()
        self._carried = (0, 0)  # by the sockets before this one
        self._logger = seldom(self._logger)
        self._place: Address | None = None

    def datagram_received(self, ip: str, port: int, datagram: bytes) -> None:
        """Take a packet from a thread of the socket."""
        self.bytes_down += len(datagram)
        self.intake.arrived(ip, port, datagram)

    async def renew(self) -> None:
        """Close the socket and open it again, on the same port unless somebody takes that meanwhile.

        That ends the SOCKS5 servers: there is no other way to end one. A UDP association, with two descriptors and its
        circuits, would outlive even the client that has ended it (ipv8-rust-tunnels 0.1.53). Nobody may have tunnels
        at that moment: their tables are new ones.
        """
        address, port = self.get_address()
        self._carried = self.traffic()
        await asyncio.to_thread(self.rust_ep.close, GRACE_SECONDS)
        await _until_free(address, port)
        self.rust_ep = rust = _Endpoint(address, port)
        table: Any = ShadowDict
        self.circuits = table(rust.add_circuit, rust.update_circuit, rust.remove_circuit)
        self.relays = table(rust.add_relay, lambda *_: None, rust.remove_relay)
        self.exit_sockets = table(rust.add_exit, lambda *_: None, rust.remove_exit)
        self.open()

    async def close(self, grace_period: int = GRACE_SECONDS) -> None:
        """Close the socket for good; its port is free then."""
        place = self.get_address() if self.is_open() else None
        await super().close(grace_period)
        if place is not None:
            await _until_free(*place)

    def is_open(self) -> bool:
        """Return whether it can be used, which it cannot while another thread closes it."""
        try:
            return bool(super().is_open())
        except RuntimeError:
            return False

    def get_address(self) -> Address:
        """Return where it is, or was a moment ago when it is being opened again."""
        try:
            self._place = super().get_address()
        except (EndpointClosedException, *_CLOSED):
            if self._place is None:
                raise
        return self._place

    def send(self, socket_address: Address, packet: bytes) -> None:
        """Send a packet; it is lost, as any packet may be, while the socket is being opened again.

        Nor does it go to what is no address of IPv4, which peers may have named.
        """
        try:
            self.rust_ep.send((str(socket_address[0]), socket_address[1]), packet)
        except (*_CLOSED, InvalidAddressError, OverflowError) as error:
            self._logger.debug("A packet is not sent: %s", error)
            return
        self.bytes_up += len(packet)
        self.messages.sent(packet)

    def traffic(self) -> tuple[int, int]:
        """Return the bytes that were sent and received, those of tunnels included, which Python never sees."""
        sent, received = self._carried
        try:
            _, up, _, down = self.rust_ep.get_socket_statistics()
        except _CLOSED:
            return sent, received
        return sent + up, received + down

    def _deliver(self, datagram: Datagram) -> None:
        host, port, data = datagram
        self.messages.received(data)
        self.notify_listeners((UDPv4Address(host, port), data))


async def _until_free(address: str, port: int) -> None:
    """Wait until a closed socket has let go of its port.

    A thread that was at work when it was closed does so later, and who opens another one meanwhile would be given the
    next port: neighbours know this node by the old one, and take no payouts from elsewhere.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _FREE_SECONDS
    while not _is_free(address, port) and loop.time() < end:  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(_POLL_SECONDS)


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
