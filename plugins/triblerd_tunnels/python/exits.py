"""Where somebody's circuit ends here: sends what it brings to the Internet, and what comes back into it again."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from ipv8.messaging.anonymization.exit_socket import DataChecker, TunnelExitSocket
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.tunnel import PEER_FLAG_EXIT_BT, PEER_FLAG_EXIT_IPV8

from triblerd_tunnels.python.cells import (
    IPV4,
    IPV6,
    NAME,
    NOWHERE,
    Cells,
    data_message,
    pack_address,
    read_data,
    unpack_address,
)

MOST_DATAGRAM: Final = 8192
MOST_NAMES: Final = 256
"""Names whose addresses are remembered."""
MOST_QUESTIONS: Final = 16
"""Names that are looked up at once."""
MOST_HELD: Final = 4
"""Datagrams that wait for the same name."""
NAME_SECONDS: Final = 300.0
ANY_HOST: Final = "0.0.0.0"  # noqa: S104 - compared with
_PREFIX: Final = 22


class Exits:
    """The ends of others' circuits.

    Args:
        community: Has them, and says what this node lets through: without its flags nothing but the overlay's own
            messages.
        cells: Sends back into them.
        names: Looks up hosts.
        host: Where the node listens. On another address than 0.0.0.0 traffic leaves from there, too, and may reach
            addresses of the same kind.
    """

    def __init__(self, community: HiddenTunnelCommunity, cells: Cells, names: "Names", host: str) -> None:
        self._community = community
        self._cells = cells
        self._host = host
        self._prefix = community.get_prefix()
        self._sockets: dict[tuple[int, int], socket.socket] = {}
        self._names = names

    def brought(self, end: TunnelExitSocket, message: bytes) -> bool:
        """Send data to where they are for, if that is to be reached from here, and if they look as they should."""
        try:
            target, _, data = read_data(message)
        except ValueError:
            return True
        if target == NOWHERE or not self._lets_through(data):
            return True
        if target[0] == NAME:
            self._names.find(target, lambda found: self._send(end, found, data))
        else:
            self._send(end, target, data)
        return True

    def close_one(self, circuit_id: int) -> None:
        """Close the sockets of a circuit."""
        for key in [key for key in self._sockets if key[0] == circuit_id]:
            self._close(key)

    def close(self) -> None:
        """Close all sockets."""
        for key in list(self._sockets):
            self._close(key)

    def _send(self, end: TunnelExitSocket, target: bytes, data: bytes) -> None:
        if not reaches(target, self._host) or self._community.exit_sockets.get(end.circuit_id) is not end:
            return
        try:
            self._socket(end, target[0]).sendto(data, unpack_address(target))
        except OSError:  # no way there, or the system takes no more
            return

    def _socket(self, end: TunnelExitSocket, kind: int) -> socket.socket:
        key = end.circuit_id, kind
        if key not in self._sockets:
            one = socket.socket(socket.AF_INET if kind == IPV4 else socket.AF_INET6, socket.SOCK_DGRAM)
            try:
                one.setblocking(False)
                if kind == IPV6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((self._host if kind == IPV4 else "::", 0))
            except OSError:
                one.close()
                raise
            self._sockets[key] = one
            end.enabled = True
            asyncio.get_running_loop().add_reader(one, self._answered, end, one)
        return self._sockets[key]

    def _answered(self, end: TunnelExitSocket, one: socket.socket) -> None:
        try:
            data, source = one.recvfrom(MOST_DATAGRAM)
        except OSError:  # nothing there, or an earlier datagram did not arrive
            return
        end.bytes_down += len(data)
        if self._lets_through(data):
            self._cells.send(end, data_message(NOWHERE, pack_address(*source[:2]), data))

    def _lets_through(self, data: bytes) -> bool:
        flags = self._community.settings.peer_flags
        return (
            (PEER_FLAG_EXIT_BT in flags and DataChecker.could_be_bt(data))
            or (PEER_FLAG_EXIT_IPV8 in flags and DataChecker.could_be_ipv8(data))
            or data[:_PREFIX] == self._prefix
        )

    def _close(self, key: tuple[int, int]) -> None:
        one = self._sockets.pop(key)
        asyncio.get_running_loop().remove_reader(one)
        one.close()


@lru_cache(maxsize=4096)
def reaches(target: bytes, host: str) -> bool:
    """Return whether an exit on ``host`` sends to a packed address: to the Internet, or to its own kind of network.

    Nobody else shall reach the programs of this machine, or those of the network that it stands in.
    """
    if target[0] not in (IPV4, IPV6) or target[-2:] == bytes(2):
        return False
    address: IPv4Address | IPv6Address = ip_address(target[1:-2])
    if isinstance(address, IPv6Address):
        return address.is_global and not address.is_multicast and host == ANY_HOST and address.ipv4_mapped is None
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    own = IPv4Address(host)
    if address.is_loopback:
        return own.is_loopback
    return address.is_global or (own.is_private and not own.is_unspecified)


class Names:
    """Looks up the addresses of hosts, and remembers them for some minutes.

    Args:
        community: Owns the look-ups, which end with it.
    """

    def __init__(self, community: HiddenTunnelCommunity) -> None:
        self._community = community
        self._known: dict[bytes, tuple[float, bytes]] = {}
        self._held: dict[bytes, list[Callable[[bytes], None]]] = {}

    def find(self, target: bytes, then: Callable[[bytes], None]) -> None:
        """Call ``then`` with the packed address of a host, now or soon; never if there is none, or too much to do.

        Args:
            target: A packed name, with a port.
            then: Takes the address with that port.
        """
        until, found = self._known.get(target, (0.0, b""))
        if until > time.monotonic():
            if found:
                then(found)
        elif target in self._held:
            if len(self._held[target]) < MOST_HELD:
                self._held[target].append(then)
        elif len(self._held) < MOST_QUESTIONS:
            self._held[target] = [then]
            self._community.register_anonymous_task("look up a name", self._look_up, target)

    async def _look_up(self, target: bytes) -> None:
        found = b""
        host, port = unpack_address(target)
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            addresses = sorted((str(each[4][0]) for each in answers), key=lambda address: ":" in address)
            found = pack_address(addresses[0], port)
        except (OSError, ValueError, IndexError, struct.error):  # ValueError: what IDNA has no form for
            pass
        finally:
            held = self._held.pop(target, [])
            if len(self._known) >= MOST_NAMES:
                self._known.clear()
            self._known[target] = time.monotonic() + NAME_SECONDS, found
        for then in held:
            if found:
                then(found)
