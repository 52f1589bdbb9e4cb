"""What other plugins see of the tunnels: what there is, what went through it, a message that travels beside it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from triblerd.events import Event
from triblerd_tunnels.rows import (
    CircuitRow,
    ExitRow,
    PointAddress,
    PointRow,
    RelayRow,
    SocksServerRow,
    SpeedFigures,
    SpeedSample,
    SwarmPoints,
    SwarmRow,
    TunnelPeerRow,
)

__all__ = [
    "CircuitBook",
    "CircuitClosed",
    "CircuitRow",
    "ExitRow",
    "PayoutMessage",
    "PointAddress",
    "PointRow",
    "RelayClosed",
    "RelayRow",
    "SocksServerRow",
    "SpeedFigures",
    "SpeedSample",
    "SwarmPoints",
    "SwarmRow",
    "TunnelPeer",
    "TunnelPeerRow",
    "TunnelRemoved",
    "TunnelView",
]


class TunnelRemoved(Event):
    """A circuit of ours, or one leg of somebody else's, was closed.

    Attributes:
        circuit_class: ``Circuit``, ``RelayRoute`` or ``TunnelExitSocket``.
        bytes_up: Sent over it, and ``bytes_down`` received, with the layers of encryption.
        uptime: Seconds.
        additional_info: Why; may be empty.
    """

    topic: ClassVar[str] = "tunnel_removed"
    unshown: ClassVar[frozenset[str]] = frozenset({"circuit_class"})

    circuit_id: int
    circuit_class: str
    bytes_up: int
    bytes_down: int
    uptime: float
    additional_info: str


class TunnelPeer(msgspec.Struct, frozen=True):
    """A neighbour on a circuit.

    Attributes:
        public_key: 74 bytes, with the prefix ``LibNaCLPK:``.
        address: Where it was reached, an IP address and a UDP port.
    """

    public_key: bytes
    address: tuple[str, int]


class CircuitClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit that this node had built for itself is closed. Each one is told of once.

    Attributes:
        circuit_id: 32 bits, as between this node and the first hop.
        kind: ``DATA``, ``IP_SEEDER``, ``RP_SEEDER``, ``RP_DOWNLOADER`` or ``SPEED_TEST``.
        goal_hops: How many hops it was to have.
        is_end_to_end: It was linked with the circuit of a hidden seeder, or of who visits one.
        bytes_up: Sent over it, and ``bytes_down`` received, with the layers of encryption.
        first_hop: ``None`` when no hop ever answered.
    """

    circuit_id: int
    kind: str
    goal_hops: int
    is_end_to_end: bool
    bytes_up: int
    bytes_down: int
    first_hop: TunnelPeer | None


class RelayClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit that this node was a hop of, for somebody else, is closed. Each one is told of once.

    A rendezvous is the last hop of two circuits.

    Attributes:
        circuit_id: As between this node and the previous hop, which is the owner or one hop nearer to it.
        next_hop: ``None`` where this node was the last hop.
        next_circuit_id: As between this node and the next hop; 0 without one.
        bytes_up: Sent away from the owner; ``bytes_down`` towards it. At a rendezvous both are the most that it can be,
            what went through all that were open here meanwhile.
    """

    circuit_id: int
    previous_hop: TunnelPeer
    next_hop: TunnelPeer | None
    next_circuit_id: int
    bytes_up: int
    bytes_down: int


class PayoutMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Message 30 of the tunnel overlay: a transaction, and what it is for.

    Attributes:
        record: 296 bytes, a transaction without its request id.
        circuit_id: As between sender and receiver; 0 for the answer, which bears both signatures.
        base: Of the amount, the bytes that the receiver may keep before it passes anything on; 32 bits.
    """

    record: bytes
    circuit_id: int
    base: int


@runtime_checkable
class CircuitBook(Protocol):
    """What went through circuits, for who keeps accounts. Plain functions, for the event loop."""

    def listen(self, listener: Callable[[CircuitClosed | RelayClosed], None]) -> Callable[[], None]:
        """Call ``listener`` with each circuit that is closed, at once, while its neighbours still remember it.

        Returns:
            A function that ends the listening; it may be called twice.
        """

    def find_relayed(self, circuit_id: int) -> RelayClosed | None:
        """Return how a circuit stands that this node is a hop of, or was until two minutes ago.

        Args:
            circuit_id: As between this node and the previous hop.
        """

    def send_payout(self, address: tuple[str, int], message: PayoutMessage) -> None:
        """Send one packet to a neighbour. Nobody says whether it arrives; peers that do not know it ignore it."""

    def on_payout(self, listener: Callable[[tuple[str, int], PayoutMessage], None]) -> Callable[[], None]:
        """Call ``listener`` with the sender's address and each such message that is well formed; nothing was verified.

        Returns:
            A function that ends the listening; it may be called twice.
        """


@runtime_checkable
class TunnelView(Protocol):
    """Shows the tunnels, and tests how fast they are; a service while this node takes part in them."""

    def settings(self) -> Mapping[str, int | float | bool | list[int]]:
        """Return what is in force, by the names of ``/ipv8/tunnel/settings``."""

    def circuits(self) -> Sequence[CircuitRow]:
        """Return the circuits that this node built for itself."""

    def relays(self) -> Sequence[RelayRow]:
        """Return the circuits that go through this node, one row a direction."""

    def exits(self) -> Sequence[ExitRow]:
        """Return the circuits that end at this node."""

    def socks_servers(self) -> Sequence[SocksServerRow]:
        """Return the SOCKS5 servers of the sessions of anonymous downloads; they listen on 127.0.0.1 alone."""

    def swarms(self) -> Sequence[SwarmRow]:
        """Return the hidden swarms that this node takes part in."""

    def peers(self) -> Sequence[TunnelPeerRow]:
        """Return the peers that may be hops."""

    async def dht_points(self) -> Sequence[SwarmPoints]:
        """Return the introduction points that this node stores for others."""

    async def swarm_size(self, swarm_id: bytes, hops: int) -> int:
        """Ask an exit for the seeders of a hidden swarm, and return how many there are; 0 when nobody answers."""

    async def test_requests(
        self, circuit_id: int | None, *, goal_hops: int = 1, request_size: int, response_size: int, num_requests: int
    ) -> SpeedFigures:
        """Send requests over a circuit, each answered by its last hop, and return when all were or are lost.

        Args:
            circuit_id: ``None`` builds one for the test.
            goal_hops: Of the circuit to be built.
            request_size: Bytes of each request.
            response_size: Bytes of each answer.
            num_requests: How many.

        Raises:
            NotFoundError: there is no such circuit.
            InvalidInputError: it is not ready, or cannot be tested.
            FailedError: none can be built.
        """

    def test_time(
        self, circuit_id: int | None, *, goal_hops: int = 1, request_size: int, response_size: int, milliseconds: int
    ) -> AbstractAsyncContextManager[AsyncIterator[SpeedSample]]:
        """Send requests for some time; what is entered tells the speed of the moment, about twice a second.

        Args and errors, which come on entering, are as in ``test_requests``. To leave it ends the test.
        """
