"""Cells between the socket and who has to do with what is in them.

A cell is the prefix of the overlay and a 0, the number of a circuit (4 bytes), whether it is plain, whether it may make
a circuit longer, and the message, encrypted for each hop. A message of data has a 1, where to, where from, and the
data. An address in it is a 1 and 4 bytes of IPv4, a 2 and a name with its length (2 bytes), or a 3 and 16 bytes of
IPv6, each with the port behind (2 bytes).
"""

import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.payload import CellPayload
from ipv8.messaging.anonymization.tunnel import (
    BACKWARD,
    CIRCUIT_TYPE_RP_DOWNLOADER,
    CIRCUIT_TYPE_RP_SEEDER,
    FORWARD,
    Circuit,
    Hop,
    RelayRoute,
)

from triblerd_tunnels.carrier import Address

NOWHERE: Final = b"\x01" + bytes(6)
"""The address 0.0.0.0:0."""
HIDDEN: Final = frozenset({CIRCUIT_TYPE_RP_DOWNLOADER, CIRCUIT_TYPE_RP_SEEDER})
"""The types of circuits that lead to a peer of a hidden swarm."""
IPV4, NAME, IPV6 = 1, 2, 3
MOST_NAME: Final = 255
NAME_FRAME: Final = 5
"""Bytes of a packed name beside the name: its kind, its length, the port."""

_PORT_BYTES: Final = 2
_LENGTHS: Final = {IPV4: 1 + 4 + _PORT_BYTES, IPV6: 1 + 16 + _PORT_BYTES}
_NUMBER: Final = slice(23, 27)
_IS_PLAIN: Final = 27
_MESSAGE: Final = 29
_UNREADABLE: Final = (ValueError, RuntimeError)
"""What ciphers raise: the first those of ``triblerd_ipv8.ciphers``, the second those in Rust."""

Tunnel = Circuit | TunnelExitSocket
Handler = Callable[[Any, bytes], bool]
"""Takes a circuit, or the end of one, and a message; returns whether the message is none of pyipv8's business."""


class Message(IntEnum):
    """The messages that are handled here."""

    DATA = 1
    SPEED_REQUEST = 21
    SPEED_RESPONSE = 22
    HTTP_REQUEST = 28
    HTTP_RESPONSE = 29


class Cells:
    """Opens and sends cells.

    What a circuit of ours brings goes to ``ours``, by the message's number, and what comes to the end of somebody's to
    ``ends``. Everything else is left to pyipv8, by way of the limit in front of the socket.

    Args:
        community: Has the circuits.
    """

    def __init__(self, community: HiddenTunnelCommunity) -> None:
        self._circuits = community.circuits
        self._relays = community.relay_from_to
        self._ends = community.exit_sockets
        self._crypto: Any = community.crypto_endpoint
        self.ours: dict[int, Handler] = {}
        self.ends: dict[int, Handler] = {}

    def arrived(self, source: Address, packet: bytes) -> bool:
        """Take a cell from the socket; return whether nobody else has to look at it."""
        if len(packet) <= _MESSAGE:
            return True
        number = int.from_bytes(packet[_NUMBER])
        if (relay := self._relays.get(number)) is not None:
            self._relay(relay, source, packet)
            return True
        if packet[_IS_PLAIN]:
            return False  # somebody begins a circuit, or answers that
        if (circuit := self._circuits.get(number)) is not None:
            return source != circuit.hop.address or self._open_ours(circuit, packet)
        if (end := self._ends.get(number)) is not None:
            return source[0] != end.hop.address[0] or self._open_end(end, packet)
        return True

    def send(self, tunnel: Tunnel, message: bytes) -> bool:
        """Send a message into a circuit of ours, or back from the end of somebody's; return whether that is there.

        pyipv8 would send it without encryption if it is not.
        """
        table: Any = self._circuits if isinstance(tunnel, Circuit) else self._ends
        if table.get(tunnel.circuit_id) is not tunnel:
            return False
        self._crypto.send_cell(tunnel.hop.address, CellPayload(tunnel.circuit_id, message))
        return True

    def _relay(self, relay: RelayRoute, source: Address, packet: bytes) -> None:
        if relay.rendezvous_relay:  # whose owner sends no pings: what goes one way is a sign of life of both
            relay.beat_heart()
        try:
            self._crypto.process_cell(source, packet)
        except _UNREADABLE:  # pyipv8 expects the first alone
            return

    def _open_ours(self, circuit: Circuit, packet: bytes) -> bool:
        layers = [(hop, BACKWARD) for hop in circuit.hops]
        if circuit.hs_session_keys is not None:
            direction = FORWARD if circuit.ctype == CIRCUIT_TYPE_RP_DOWNLOADER else BACKWARD
            layers.append((Hop(circuit.hop.peer, circuit.hs_session_keys), direction))
        message = _opened(packet, layers)
        if not message:
            return True
        handler = self.ours.get(message[0])
        if handler is None or not handler(circuit, message):
            return False
        circuit.beat_heart()
        circuit.bytes_down += len(packet)
        return True

    def _open_end(self, end: TunnelExitSocket, packet: bytes) -> bool:
        message = _opened(packet, [(end.hop, FORWARD)])
        if not message:
            return True
        end.bytes_up += len(packet)  # as the endpoint in Rust counts, or the books of two nodes would differ
        handler = self.ends.get(message[0])
        if handler is None or not handler(end, message):
            return False
        end.beat_heart()
        return True


def _opened(packet: bytes, layers: list[tuple[Hop, int]]) -> bytes:
    """Return the message of a cell; empty when it is not from whom it should be."""
    message = packet[_MESSAGE:]
    try:
        for hop, direction in layers:
            if hop.keys is None:
                return b""
            message = hop.keys.decrypt_str(message, direction)
    except _UNREADABLE:
        return b""
    return message


def data_message(to: bytes, origin: bytes, data: bytes) -> bytes:
    """Return a message of data, given two packed addresses."""
    return b"\x01" + to + origin + data


def read_data(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Return where a message of data goes to, where it comes from, both packed, and the data.

    Raises:
        ValueError: it is cut off, or has addresses of no known kind.
    """
    middle = address_end(message, 1)
    end = address_end(message, middle)
    return message[1:middle], message[middle:end], message[end:]


def address_end(message: bytes, start: int) -> int:
    """Return where the packed address ends that begins at ``start``.

    Raises:
        ValueError: there is none.
    """
    kind = message[start] if start < len(message) else 0
    if kind == NAME:
        length = NAME_FRAME + int.from_bytes(message[start + 1 : start + 3])
    else:
        length = _LENGTHS.get(kind, len(message) + 1)
    if start + length > len(message):
        msg = "there is no address"
        raise ValueError(msg)
    return start + length


def pack_address(host: str, port: int) -> bytes:
    """Return an address as messages have it.

    Raises:
        ValueError: it is none.
    """
    try:
        return bytes((IPV4,)) + socket.inet_pton(socket.AF_INET, host) + struct.pack("!H", port)
    except OSError:
        pass
    try:
        return bytes((IPV6,)) + socket.inet_pton(socket.AF_INET6, host) + struct.pack("!H", port)
    except OSError:
        name = host.encode()
    if not 0 < len(name) <= MOST_NAME:
        msg = "this is no name of a host"
        raise ValueError(msg)
    return struct.pack("!BH", NAME, len(name)) + name + struct.pack("!H", port)


def unpack_address(packed: bytes) -> Address:
    """Return the host and the port of an address as messages have it; the bytes of a name may be any."""
    host, port = packed[1:-_PORT_BYTES], int.from_bytes(packed[-_PORT_BYTES:])
    if packed[0] == IPV4:
        return socket.inet_ntop(socket.AF_INET, host), port
    if packed[0] == IPV6:
        return socket.inet_ntop(socket.AF_INET6, host), port
    return host[2:].decode("latin-1"), port
