"""What carries the data of circuits, with SOCKS5 servers (RFC 1928) in front of them.

There are two that do the same: ``rust_carrier`` leaves it to the endpoint in Rust, ``python`` does it here.
"""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from ipv8.messaging.anonymization.tunnel import Circuit, RoutingObject

from triblerd_tunnels.api import SpeedSample

Address = tuple[str, int]
SOCKS_HOST = "127.0.0.1"
"""Servers listen nowhere else. libtorrent's own address has to be this one, too, or it gets no answers."""


class SocksServer(NamedTuple):
    """A server, on 127.0.0.1 and without authentication.

    Attributes:
        port: Where it listens.
        hops: The length of the circuits that it sends into, and of no others.
        associations: UDP associations that are open.
    """

    port: int
    hops: int
    associations: int


class Carrier(Protocol):
    """Moves data between SOCKS5, circuits and, at an exit, the Internet. No circuit, no data: never in the clear.

    A circuit belongs to one association as long as that lasts, and each address that is sent to keeps to one circuit.
    """

    async def serve(self, hops: int, port: int = 0) -> int:
        """Open the server for a number of hops, unless it is open, and return its port.

        Args:
            hops: Into circuits of so many.
            port: Where it shall listen; 0 leaves the choice to the system.

        Raises:
            OSError, RuntimeError: it cannot be opened now.
        """

    def servers(self) -> Sequence[SocksServer]:
        """Return the servers that are open."""

    def expect(self, hops: int, client: Address) -> None:
        """Say where the client of a server's associations is, for what comes for it before it has sent anything."""

    def peers_over(self, circuit_id: int) -> AbstractSet[Address]:
        """Return the addresses that are sent to over a circuit."""

    def refresh(self, tunnel: RoutingObject) -> None:
        """Bring the counters of a circuit, a relay or an exit up to date."""

    def received(self) -> int | None:
        """Return the bytes of all cells that came so far; ``None`` where relays at a rendezvous are counted, too."""

    def sent(self, circuit: Circuit, counted: int) -> int:
        """Return the bytes that were sent over a circuit, by what its counter says."""

    def exit_leaves(self, circuit_id: int) -> None:
        """Take notice that a circuit does not end here any more."""

    def time(
        self, circuit: Circuit, *, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[SpeedSample]:
        """Send requests over a circuit for some time, and yield the speed since the sample before."""

    async def close(self) -> None:
        """End the servers. To be called when the overlay was left."""
