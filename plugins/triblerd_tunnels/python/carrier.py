"""Ties together what carries the data of circuits in Python."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, cast

from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.payload import CellPayload
from ipv8.messaging.anonymization.tunnel import Circuit, RoutingObject
from ipv8.messaging.interfaces.endpoint import EndpointListener

from triblerd_tunnels.api import SpeedSample
from triblerd_tunnels.carrier import Address, SocksServer
from triblerd_tunnels.python.associations import Associations
from triblerd_tunnels.python.cells import Cells, Message
from triblerd_tunnels.python.exits import Exits, Names
from triblerd_tunnels.python.requests import CircuitRequests
from triblerd_tunnels.python.socks import Socks5Server
from triblerd_tunnels.python.speed import SpeedRuns
from triblerd_tunnels.python.web import WebRequests

_CELL: Final = bytes((CellPayload.msg_id,))


class PythonCarrier:
    """Implements ``Carrier``.

    Args:
        community: Has the circuits, and pyipv8's ciphers for them.
        socket: The node's, which can divert packets.
    """

    def __init__(self, community: HiddenTunnelCommunity, socket: Any) -> None:
        self._community = community
        self._socket = socket
        cells = Cells(community)
        self._associations = Associations(community, cells)
        self._requests = CircuitRequests(community, cells)
        names = Names(community)
        self._exits = Exits(community, cells, names, socket.host)
        self._web = WebRequests(community, cells, names, socket.host)
        self._speed = SpeedRuns(community, cells)
        cells.ours = {
            Message.DATA: self._associations.received,
            Message.HTTP_RESPONSE: self._requests.received,
            Message.SPEED_RESPONSE: self._speed.answered,
        }
        cells.ends = {
            Message.DATA: self._exits.brought,
            Message.HTTP_REQUEST: self._web.asked,
            Message.SPEED_REQUEST: self._speed.asked,
        }
        self._servers: dict[int, Socks5Server] = {}
        socket.divert(community.get_prefix() + _CELL, cells.arrived)

    async def serve(self, hops: int, port: int = 0) -> int:
        """Open the server for a number of hops, unless it is open."""
        if hops not in self._servers:
            server = Socks5Server(hops, associations=self._associations, requests=self._requests)
            await server.open(port)
            self._servers[hops] = server
        return self._servers[hops].port

    def servers(self) -> Sequence[SocksServer]:
        """Return the servers that are open."""
        return [
            SocksServer(server.port, hops, len(self._associations.of(hops))) for hops, server in self._servers.items()
        ]

    def expect(self, hops: int, client: Address) -> None:
        """Say where the client is."""
        self._associations.expect(hops, client)

    def peers_over(self, circuit_id: int) -> set[Address]:
        """Return the addresses that are sent to over a circuit."""
        return self._associations.peers_over(circuit_id)

    def refresh(self, tunnel: RoutingObject) -> None:
        """Do nothing: it is counted as it happens."""

    def received(self) -> None:
        """Say that everything is counted where it goes through."""

    def sent(self, circuit: Circuit, counted: int) -> int:  # noqa: ARG002 - part of the interface
        """Return what is counted, as it is."""
        return counted

    def exit_leaves(self, circuit_id: int) -> None:
        """Close the sockets of an exit."""
        self._exits.close_one(circuit_id)

    def time(
        self, circuit: Circuit, *, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[SpeedSample]:
        """Send requests over a circuit for some time."""
        return self._speed.time(
            circuit, request_size=request_size, response_size=response_size, milliseconds=milliseconds
        )

    async def close(self) -> None:
        """End the servers, and stand in nobody's way any more."""
        self._socket.divert(self._community.get_prefix() + _CELL, None)
        # pyipv8 takes the community off the socket when that is left, but not what it put in front of it.
        self._community.endpoint.remove_listener(cast("EndpointListener", self._community.crypto_endpoint))
        for server in self._servers.values():
            await server.close()
        self._servers.clear()
        self._exits.close()
