"""The routes of ``/ipv8/tunnel`` that list things."""

from collections.abc import Callable

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, route
from triblerd_ipv8.answers import ID_BYTES, INCORRECT, acting_route, from_hex, in_this_form
from triblerd_ipv8.tunnel.schemas import (
    CircuitList,
    ExitList,
    HopsQuery,
    RelayList,
    SwarmList,
    SwarmSize,
    TunnelPeerList,
    TunnelSettings,
)
from triblerd_tunnels.api import SwarmPoints, TunnelView

HOPS = ("1", "2", "3")


class TunnelEndpoint(Endpoint):
    """Anonymity: circuits of this node and of others. Without the tunnels plugin everything is empty."""

    prefix = "/ipv8/tunnel"

    def __init__(self, *, view: Callable[[], TunnelView | None]) -> None:
        self._view = view

    @route("GET", "/settings")
    async def settings(self) -> TunnelSettings:
        """Show how circuits are built."""
        view = self._view()
        return TunnelSettings(dict(view.settings()) if view else {})

    @route("GET", "/circuits")
    async def circuits(self) -> CircuitList:
        """List the circuits that this node built for itself."""
        view = self._view()
        return CircuitList(list(view.circuits()) if view else [])

    @route("GET", "/relays")
    async def relays(self) -> RelayList:
        """List the circuits of others that go through this node, one row for each direction."""
        view = self._view()
        return RelayList(list(view.relays()) if view else [])

    @route("GET", "/exits")
    async def exits(self) -> ExitList:
        """List the circuits of others that end at this node."""
        view = self._view()
        return ExitList(list(view.exits()) if view else [])

    @route("GET", "/swarms")
    async def swarms(self) -> SwarmList:
        """List the hidden swarms that this node takes part in."""
        view = self._view()
        return SwarmList(list(view.swarms()) if view else [])

    @acting_route("GET", "/swarms/{infohash}/size", answers=SwarmSize)
    @in_this_form
    async def swarm_size(self, infohash: str, query: HopsQuery) -> SwarmSize:
        """Ask how many seeders a hidden swarm has; takes seconds."""
        swarm = from_hex(infohash, ID_BYTES)
        if query.hops not in HOPS:
            raise InvalidInputError(INCORRECT)
        view = self._view()
        return SwarmSize(await view.swarm_size(swarm, int(query.hops)) if view else 0)

    @route("GET", "/peers")
    async def peers(self) -> TunnelPeerList:
        """List the peers that may be hops, and what they do for others."""
        view = self._view()
        return TunnelPeerList(list(view.peers()) if view else [])

    @route("GET", "/peers/dht")
    async def dht_points(self) -> list[SwarmPoints]:
        """List the introduction points of hidden swarms that this node stores for others."""
        view = self._view()
        return list(await view.dht_points()) if view else []

    @route("GET", "/peers/pex")
    async def exchanged_points(self) -> list[SwarmPoints]:
        """List the introduction points that were exchanged: none, since nobody exchanges any."""
        return []
