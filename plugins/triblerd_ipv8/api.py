"""What other plugins see of the overlay network: they bring overlays along, and this plugin keeps them supplied.

Nothing here imports the library ``ipv8``, which an extra brings, and which says little of its types: what comes from
it is ``Any``.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = ["RANDOM_WALK", "NodeParts", "Overlays", "Traffic", "Walker"]

OverlayT = TypeVar("OverlayT")


@dataclass(frozen=True, kw_only=True)
class NodeParts:
    """What an overlay is made of; the first three are what ``ipv8.community.CommunitySettings`` wants.

    Attributes:
        my_peer: ``ipv8.peer.Peer`` with the node's own key.
        endpoint: The dispatcher that all overlays send and listen by.
        network: ``ipv8.peerdiscovery.network.Network`` with the peers of all overlays.
        dht: The overlay of the DHT, ``ipv8.dht.discovery.DHTDiscoveryCommunity``; ``None`` while it is turned off.
        socket: What owns the UDP port. Its ``kind`` is ``rust``, and it an ``ipv8_rust_tunnels.endpoint.Endpoint``; or
            ``python``, and it an ``ipv8.messaging.interfaces.udp.endpoint.UDPEndpoint``. For whoever carries data.
    """

    my_peer: Any
    endpoint: Any
    network: Any
    dht: Any | None
    socket: Any


@dataclass(frozen=True, kw_only=True)
class Walker:
    """How an overlay is supplied with peers.

    Attributes:
        make: Returns the strategy, ``ipv8.peerdiscovery.discovery.DiscoveryStrategy``, for an overlay.
        peers: Up to how many peers the strategy is asked for a step; -1 means always.
    """

    make: Callable[[Any], Any]
    peers: int


def _random_walk(overlay: Any) -> Any:
    from ipv8.peerdiscovery.discovery import RandomWalk  # noqa: PLC0415 - what an extra brings

    return RandomWalk(overlay, timeout=3.0)


RANDOM_WALK: Sequence[Walker] = (Walker(make=_random_walk, peers=20),)
"""What nearly every overlay wants: walk from peer to peer until it has 20 of them."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Bytes of UDP payload since the plugin's start."""

    sent: int
    received: int


@runtime_checkable
class Overlays(Protocol):
    """The overlay network; a service while it runs.

    A plugin that requires ``ipv8`` joins and leaves in its lifespan. One that profits from it joins when it starts, if
    the network is there, and else in ``triblerd_overlays``.
    """

    @property
    def port(self) -> int:
        """The UDP port in use."""

    @property
    def parts(self) -> NodeParts:
        """What overlays are made of."""

    @property
    def traffic(self) -> Traffic:
        """What went through the socket."""

    def join(self, make: Callable[[NodeParts], OverlayT], walkers: Sequence[Walker] = RANDOM_WALK) -> OverlayT:
        """Make an overlay, an ``ipv8.community.Community``, and supply it with peers.

        Args:
            make: Returns the overlay. What it raises comes out, and nothing is joined.
            walkers: How it is supplied.

        Returns:
            What ``make`` returned.
        """

    async def leave(self, overlay: Any) -> None:
        """Unload an overlay that was joined; a second call changes nothing."""

    def when_stopping(self, leave: Callable[[], Awaitable[None]]) -> Callable[[], None]:
        """Await ``leave`` before the network stops; for plugins that go on without it.

        Returns:
            A function that takes this back; it may be called twice.
        """
