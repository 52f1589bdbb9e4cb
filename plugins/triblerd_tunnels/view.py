"""Shows the tunnels as ``/ipv8/tunnel`` answers them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from ipv8.dht.community import DHTCommunity
from ipv8.dht.provider import DHTIntroPointPayload
from ipv8.messaging.anonymization.tunnel import (
    FORWARD,
    PEER_SOURCE_DHT,
    PEER_SOURCE_PEX,
    Circuit,
    RoutingObject,
    Swarm,
)
from ipv8.messaging.serialization import PackError

from triblerd_tunnels.api import (
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
from triblerd_tunnels.book import Book
from triblerd_tunnels.community import EXIT_FLAGS, POINT_SECONDS, TunnelsCommunity
from triblerd_tunnels.hidden import MOST_POINTS
from triblerd_tunnels.sessions import TunnelSessions
from triblerd_tunnels.speed import SpeedTests

_SETTINGS = (
    *("max_joined_circuits", "max_time", "max_time_inactive", "max_traffic", "circuit_timeout", "unstable_timeout"),
    *("next_hop_timeout", "swarm_lookup_interval", "swarm_connection_limit", "remove_tunnel_delay"),
    *("max_relay_early", "max_peers", "anonymize"),
)
_KEY_KIND = b"LibNaCLPK:"


class View:
    """Implements ``TunnelView`` (see ``triblerd_tunnels.api``).

    Args:
        community: What is shown.
        book: Knows what went over circuits.
        speed: Tests them.
        sessions: Knows how many circuits are kept.
        default_hops: Tells how many a download has that nobody says anything of.
    """

    def __init__(
        self,
        *,
        community: TunnelsCommunity,
        book: Book,
        speed: SpeedTests,
        sessions: TunnelSessions,
        default_hops: Callable[[], int],
    ) -> None:
        self._community = community
        self._sessions = sessions
        self._default_hops = default_hops
        self._book = book
        self._speed = speed

    def settings(self) -> Mapping[str, int | float | bool | list[int]]:
        """Return what is in force."""
        settings = self._community.settings
        flags = settings.peer_flags
        return {
            **{name: getattr(settings, name) for name in _SETTINGS},
            "min_circuits": self._sessions.least,
            "max_circuits": self._sessions.most,
            "max_time_ip": POINT_SECONDS,
            "peer_flags": sorted(flags),
            "default_hops": self._default_hops(),
            "exitnode_enabled": flags >= EXIT_FLAGS,
            "max_intro_points": MOST_POINTS,
        }

    def circuits(self) -> Sequence[CircuitRow]:
        """Return the circuits of ours."""
        return [self._circuit(circuit) for circuit in self._community.circuits.values()]

    def relays(self) -> Sequence[RelayRow]:
        """Return the circuits that go through this node, one row a direction."""
        return [
            RelayRow(
                circuit_from=number,
                circuit_to=relay.circuit_id,
                is_rendezvous=relay.rendezvous_relay,
                bytes_up=self._up(relay),
                bytes_down=self._down(relay),
                creation_time=relay.creation_time,
                direction="forward" if relay.direction == FORWARD else "backward",
            )
            for number, relay in self._community.relay_from_to.items()
        ]

    def exits(self) -> Sequence[ExitRow]:
        """Return the circuits that end at this node."""
        introductions = {tunnel.circuit_id for tunnel, _ in self._community.intro_point_for.values()}
        rendezvous = {tunnel.circuit_id for tunnel in self._community.rendezvous_point_for.values()}
        return [
            ExitRow(
                circuit_from=number,
                enabled=tunnel.enabled,
                bytes_up=self._up(tunnel),
                bytes_down=self._down(tunnel),
                creation_time=tunnel.creation_time,
                is_introduction=number in introductions,
                is_rendezvous=number in rendezvous,
            )
            for number, tunnel in self._community.exit_sockets.items()
        ]

    def socks_servers(self) -> Sequence[SocksServerRow]:
        """Return the SOCKS5 servers of the sessions of anonymous downloads."""
        return [SocksServerRow(**server._asdict()) for server in self._community.carrier.servers()]

    def swarms(self) -> Sequence[SwarmRow]:
        """Return the hidden swarms that this node takes part in."""
        return [_swarm(swarm) for swarm in self._community.swarms.values()]

    def peers(self) -> Sequence[TunnelPeerRow]:
        """Return the peers that may be hops."""
        return [
            TunnelPeerRow(
                ip=str(peer.address[0]),
                port=int(peer.address[1]),
                mid=peer.mid.hex(),
                is_key_compatible=self._community.crypto.is_key_compatible(peer.public_key),
                flags=list(flags),
            )
            for peer, flags in self._community.candidates.items()
        ]

    async def dht_points(self) -> Sequence[SwarmPoints]:
        """Return the introduction points that this node stores for others."""
        provider = self._community.dht_provider
        if provider is None:
            return []
        dht = provider.dht_community
        stored = [
            (key, [entry.data for entry in values])
            for storage in dht.storages.values()
            for key, values in storage.items.items()
        ]
        return await asyncio.to_thread(_points, dht, stored)  # a signature each, and strangers store thousands

    async def swarm_size(self, swarm_id: bytes, hops: int) -> int:
        """Ask for the seeders of a hidden swarm, and return how many there are."""
        # pyipv8 counts those alone that introduction points know from one another, and exchanges nothing here.
        try:
            points = await self._community.send_peers_request(swarm_id, None, hops)
        except RuntimeError:  # there is no circuit, or no answer
            return 0
        return len({point.seeder_pk for point in points})

    async def test_requests(
        self, circuit_id: int | None, *, goal_hops: int = 1, request_size: int, response_size: int, num_requests: int
    ) -> SpeedFigures:
        """Send some requests over a circuit."""
        return await self._speed.requests(
            circuit_id,
            goal_hops=goal_hops,
            request_size=request_size,
            response_size=response_size,
            num_requests=num_requests,
        )

    def test_time(
        self, circuit_id: int | None, *, goal_hops: int = 1, request_size: int, response_size: int, milliseconds: int
    ) -> AbstractAsyncContextManager[AsyncIterator[SpeedSample]]:
        """Send requests for some time."""
        return self._speed.time(
            circuit_id,
            goal_hops=goal_hops,
            request_size=request_size,
            response_size=response_size,
            milliseconds=milliseconds,
        )

    def _circuit(self, circuit: Circuit) -> CircuitRow:
        return CircuitRow(
            circuit_id=circuit.circuit_id,
            goal_hops=circuit.goal_hops,
            actual_hops=len(circuit.hops),
            verified_hops=[hop.mid.hex() for hop in circuit.hops],
            unverified_hop=circuit.unverified_hop.mid.hex() if circuit.unverified_hop else "",
            type=circuit.ctype,
            state=f"{circuit.state} ({circuit.closing_info})" if circuit.closing_info else circuit.state,
            bytes_up=self._up(circuit),
            bytes_down=self._down(circuit),
            creation_time=circuit.creation_time,
            exit_flags=list(circuit.exit_flags),
        )

    def _up(self, tunnel: RoutingObject) -> int:
        return self._book.carried(tunnel)[0]

    def _down(self, tunnel: RoutingObject) -> int:
        return self._book.carried(tunnel)[1]


def _swarm(swarm: Swarm) -> SwarmRow:
    sources = [point.source for point in swarm.intro_points]
    return SwarmRow(
        info_hash=swarm.info_hash.hex(),
        num_seeders=swarm.get_num_seeders(),
        num_connections=swarm.get_num_connections(),
        num_connections_incomplete=swarm.get_num_connections_incomplete(),
        num_ips_from_dht=sources.count(PEER_SOURCE_DHT),
        num_ips_from_pex=sources.count(PEER_SOURCE_PEX),
        seeding=swarm.seeding,
        last_lookup=swarm.last_lookup,
        bytes_up=swarm.get_total_up(),
        bytes_down=swarm.get_total_down(),
    )


def _points(dht: DHTCommunity, stored: Iterable[tuple[bytes, list[bytes]]]) -> list[SwarmPoints]:
    shown: list[SwarmPoints] = []
    for key, values in stored:
        points: list[PointRow] = []
        for value, _ in dht.post_process_values(values):
            try:
                payload, _ = dht.serializer.unpack_serializable(DHTIntroPointPayload, value)
            except PackError:
                continue  # something else is stored there
            points.append(_point(payload))
        if points:
            shown.append(SwarmPoints(info_hash=key.hex(), peers=points))
    return shown


def _point(payload: DHTIntroPointPayload) -> PointRow:
    # The kind of the keys is left out in the DHT.
    return PointRow(
        address=PointAddress(
            ip=str(payload.address[0]),
            port=int(payload.address[1]),
            public_key=(_KEY_KIND + payload.intro_pk).hex(),
        ),
        seeder_pk=(_KEY_KIND + payload.seeder_pk).hex(),
        source=PEER_SOURCE_DHT,
    )
