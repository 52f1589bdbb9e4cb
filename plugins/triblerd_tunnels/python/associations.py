"""UDP associations (RFC 1928): which circuit a datagram goes into, and to whom one goes that comes out of a circuit."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any, Final
from weakref import WeakKeyDictionary

from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.tunnel import (
    CIRCUIT_ID_PORT,
    CIRCUIT_STATE_READY,
    CIRCUIT_TYPE_RP_DOWNLOADER,
    Circuit,
)

from triblerd_tunnels.carrier import Address
from triblerd_tunnels.python.cells import (
    HIDDEN,
    IPV4,
    MOST_NAME,
    NAME,
    NAME_FRAME,
    NOWHERE,
    Cells,
    address_end,
    data_message,
    pack_address,
    read_data,
    unpack_address,
)

HOST: Final = "127.0.0.1"
MOST_DATA: Final = 8192
"""Bytes of a datagram; what is larger than a jumbo frame gets nowhere."""
MOST_TARGETS: Final = 4096
"""Addresses of which an association knows the circuit; the one that was least recently sent to is forgotten."""
MOST_CIRCUITS: Final = 2
"""Circuits among which one is chosen for an address, so that there are others for other associations."""
MOST_UNSENT_BYTES: Final = 1 << 20

_UDP_HEAD: Final = 3  # two reserved bytes, and the number of a fragment
_SOCKS_NAME, _SOCKS_IPV6 = 3, 4
_PREFIX: Final = 22


class Association(asyncio.DatagramProtocol):
    """One association: a UDP port on 127.0.0.1, which belongs to the first who sends to it.

    Args:
        hops: The length of its circuits.
        send: Takes what the client sends: the association, the packed address, the data.
    """

    def __init__(self, hops: int, send: Callable[["Association", bytes, bytes], None]) -> None:
        self.hops = hops
        self.targets: OrderedDict[bytes, Circuit] = OrderedDict()
        self.expected: Address | None = None
        self.was_used = False
        self._send = send
        self._client: Address | None = None
        self._transport: Any = None  # typeshed knows nothing of its buffer

    @property
    def port(self) -> int:
        """Where the client sends to."""
        return int(self._transport.get_extra_info("sockname")[1]) if self._transport else 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Send what the client sends; rubbish, fragments and what others send are dropped."""
        if self._client is None:
            self._client = addr
        if addr != self._client or data[:_UDP_HEAD] != bytes(_UDP_HEAD):
            return
        try:
            target, payload = _unwrapped(data)
        except ValueError:
            return
        if 0 < len(payload) <= MOST_DATA:
            self.was_used = True
            self._send(self, target, payload)

    def error_received(self, _: Exception) -> None:
        """Ignore that a datagram did not arrive, as any may."""

    @property
    def is_expected(self) -> bool:
        """Whether its client is the one of whom it was said where it is."""
        return self.expected is not None and self._client in (None, self.expected)

    def deliver(self, origin: bytes, data: bytes) -> None:
        """Hand the client what came out of a circuit, with its packed address in front."""
        client, transport = self._client or self.expected, self._transport
        if client is None or transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() <= MOST_UNSENT_BYTES:
            self.was_used = True
            transport.sendto(bytes(_UDP_HEAD) + _as_socks(origin) + data, client)

    def close(self) -> None:
        """End it."""
        self.targets.clear()
        if self._transport is not None:
            self._transport.close()


class Associations:
    """All associations, of all numbers of hops, and the circuits that belong to them.

    Args:
        community: Has the circuits.
        cells: Sends into them.
    """

    def __init__(self, community: HiddenTunnelCommunity, cells: Cells) -> None:
        self._community = community
        self._cells = cells
        self._prefix = community.get_prefix()
        self._open: list[Association] = []
        self._owners: WeakKeyDictionary[Circuit, Association] = WeakKeyDictionary()

    def of(self, hops: int) -> list[Association]:
        """Return those with a number of hops."""
        return [association for association in self._open if association.hops == hops]

    async def open(self, hops: int) -> Association:
        """Begin one.

        Raises:
            OSError: there is no UDP port for it.
        """
        association = Association(hops, self._send)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: association, local_addr=(HOST, 0))
        self._open.append(association)
        return association

    def close(self, association: Association) -> None:
        """End one; its circuits are free again."""
        if association in self._open:
            self._open.remove(association)
        association.close()
        for circuit in [circuit for circuit, owner in self._owners.items() if owner is association]:
            del self._owners[circuit]

    def expect(self, hops: int, client: Address) -> None:
        """Say where the clients of a number of hops are, for what comes before they have sent anything."""
        for association in self.of(hops):
            association.expected = client

    def peers_over(self, circuit_id: int) -> set[Address]:
        """Return the addresses that are sent to over a circuit."""
        return {
            unpack_address(target)
            for association in self._open
            for target, circuit in association.targets.items()
            if circuit.circuit_id == circuit_id
        }

    def received(self, circuit: Circuit, message: bytes) -> bool:
        """Take data that came out of a circuit; return whether it was no message of the overlay's own."""
        try:
            _, origin, data = read_data(message)
        except ValueError:
            return True
        if origin[0] == NAME and not 0 < len(origin) - NAME_FRAME <= MOST_NAME:
            return True  # SOCKS5 has no form for it
        if circuit.ctype in HIDDEN:
            origin = pack_address(self._community.circuit_id_to_ip(circuit.circuit_id), CIRCUIT_ID_PORT)
            self._claim(circuit)
        elif data[:_PREFIX] == self._prefix:
            return False
        association = self._owners.get(circuit)
        if association is not None:
            association.deliver(origin, data)
        return True

    def _claim(self, circuit: Circuit) -> None:
        """Give a circuit to a hidden peer to an association, if it has none: the other side may speak first."""
        if circuit not in self._owners and (associations := self.of(_hops_of(circuit))):
            expected = [association for association in associations if association.is_expected]
            self._owners[circuit] = next(iter(expected), associations[0])

    def _send(self, association: Association, target: bytes, data: bytes) -> None:
        circuit = self._circuit_for(association, target)
        if circuit is not None:
            self._cells.send(circuit, data_message(target, NOWHERE, data))

    def _circuit_for(self, association: Association, target: bytes) -> Circuit | None:
        circuit = association.targets.get(target)
        if circuit is None or not self._is_usable(circuit):
            circuit = self._chosen(association, target)
            if circuit is None:
                association.targets.pop(target, None)
                return None
            self._owners[circuit] = association
            association.targets[target] = circuit
            if len(association.targets) > MOST_TARGETS:
                association.targets.popitem(last=False)
        association.targets.move_to_end(target)
        return circuit

    def _chosen(self, association: Association, target: bytes) -> Circuit | None:
        host, port = unpack_address(target)
        if port == CIRCUIT_ID_PORT and target[0] == IPV4:  # whom there is no circuit to is nobody's address
            circuit = self._community.circuits.get(int(IPv4Address(host)))
            return circuit if circuit is not None and self._leads_to_hidden(circuit, association) else None
        free = [
            circuit
            for circuit in self._community.find_circuits(hops=association.hops)
            if self._owners.get(circuit, association) is association
        ]
        free.sort(key=lambda circuit: circuit not in self._owners)  # ours first
        return random.choice(free[:MOST_CIRCUITS]) if free else None  # noqa: S311 - anyone will do

    def _leads_to_hidden(self, circuit: Circuit, association: Association) -> bool:
        return (
            circuit.ctype in HIDDEN
            and circuit.hs_session_keys is not None
            and circuit.state == CIRCUIT_STATE_READY
            and _hops_of(circuit) == association.hops
            and self._owners.get(circuit, association) is association
        )

    def _is_usable(self, circuit: Circuit) -> bool:
        is_there = self._community.circuits.get(circuit.circuit_id) is circuit
        return is_there and circuit.state == CIRCUIT_STATE_READY


def _hops_of(circuit: Circuit) -> int:
    """Return the number of hops of the downloads that a circuit belongs to."""
    return circuit.goal_hops - (circuit.ctype == CIRCUIT_TYPE_RP_DOWNLOADER)


def _unwrapped(datagram: bytes) -> tuple[bytes, bytes]:
    """Return the packed address that a client's datagram is for, and what is in it.

    Raises:
        ValueError: the address is none, or cut off.
    """
    target, end = read_socks_address(datagram, _UDP_HEAD)
    return target, datagram[end:]


def read_socks_address(data: bytes, start: int) -> tuple[bytes, int]:
    """Return an address of SOCKS5 as messages of circuits have it, and where it ends.

    IPv4 is the same in both. Names have one byte of length there and two here, and a 3 is not the same kind.

    Raises:
        ValueError: it is none, or cut off.
    """
    kind = data[start] if start < len(data) else 0
    if kind == IPV4:
        end = address_end(data, start)
        return data[start:end], end
    if kind == _SOCKS_IPV6:
        packed = b"\x03" + data[start + 1 : start + 19]
    elif kind == _SOCKS_NAME and len(data) > start + 1 and data[start + 1]:
        packed = bytes((NAME, 0)) + data[start + 1 : start + 4 + data[start + 1]]
    else:
        packed = b""
    end = start + len(packed) - (kind == _SOCKS_NAME)
    if address_end(packed, 0) != len(packed):
        msg = "the address is no address"
        raise ValueError(msg)
    return packed, end


def _as_socks(packed: bytes) -> bytes:
    """Return an address of a message as SOCKS5 has it."""
    if packed[0] == IPV4:
        return packed
    if packed[0] == NAME:
        return bytes((_SOCKS_NAME,)) + packed[2:]
    return bytes((_SOCKS_IPV6,)) + packed[1:]
