"""What is shown of circuits and of who takes part in them, as ``/ipv8/tunnel`` answers it."""

from typing import Annotated

import msgspec
from msgspec import Meta

CircuitId = Annotated[int, Meta(description="32 bits, known to the two neighbours on that part of the circuit")]
BytesUp = Annotated[int, Meta(description="Bytes sent over it, with the layers of encryption")]
BytesDown = Annotated[int, Meta(description="Bytes received over it, with the layers of encryption")]
Created = Annotated[float, Meta(description="Unix time")]
PeerId = Annotated[str, Meta(description="40 hex digits")]
Flags = Annotated[
    list[int],
    Meta(description="1 relays, 2 exit for BitTorrent, 4 exit for the overlay, 8 answers speed tests, 32768 HTTP"),
]


class SocksServerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A SOCKS5 server, by which the session of a number of hops reaches its peers."""

    port: int
    hops: int
    associations: Annotated[int, Meta(description="Its UDP associations (RFC 1928)")]


class CircuitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit that this node built for itself."""

    circuit_id: CircuitId
    goal_hops: Annotated[int, Meta(description="How many hops it is to have")]
    actual_hops: Annotated[int, Meta(description="How many it has")]
    verified_hops: Annotated[list[PeerId], Meta(description="Who they are, the nearest first")]
    unverified_hop: Annotated[str, Meta(description="Who is asked to be the next one; empty when nobody is")]
    type: Annotated[str, Meta(description="`DATA`, `IP_SEEDER`, `RP_SEEDER`, `RP_DOWNLOADER`, `SPEED_TEST`")]
    state: Annotated[str, Meta(description="`READY`, `EXTENDING`, or `CLOSING` with a reason in parentheses")]
    bytes_up: BytesUp
    bytes_down: BytesDown
    creation_time: Created
    exit_flags: Annotated[list[int], Meta(description="What the last hop does, see the flags of a peer")]


class RelayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a circuit that goes through this node."""

    circuit_from: CircuitId
    circuit_to: CircuitId
    is_rendezvous: Annotated[bool, Meta(description="It joins the circuits of a hidden seeder and of a visitor")]
    bytes_up: BytesUp
    bytes_down: BytesDown
    creation_time: Created
    direction: Annotated[str, Meta(description="`forward`, away from the owner, or `backward`")]


class ExitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit that ends at this node."""

    circuit_from: CircuitId
    enabled: Annotated[bool, Meta(description="Something of it left for the Internet")]
    bytes_up: BytesUp
    bytes_down: BytesDown
    creation_time: Created
    is_introduction: Annotated[bool, Meta(description="A hidden seeder can be reached over it")]
    is_rendezvous: Annotated[bool, Meta(description="A hidden seeder waits at its end for a visitor")]


class SwarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hidden swarm that this node takes part in."""

    info_hash: Annotated[str, Meta(description="40 hex digits: of the hidden swarm, not the torrent's")]
    num_seeders: Annotated[int, Meta(description="Hidden seeders that are known")]
    num_connections: Annotated[int, Meta(description="Circuits that are linked with theirs")]
    num_connections_incomplete: Annotated[int, Meta(description="Circuits that are to be")]
    num_ips_from_dht: Annotated[int, Meta(description="Introduction points known from the overlay's DHT")]
    num_ips_from_pex: Annotated[int, Meta(description="Introduction points known from one another")]
    seeding: Annotated[bool, Meta(description="This node is one of the seeders")]
    last_lookup: Annotated[float, Meta(description="When introduction points were looked for, Unix time")]
    bytes_up: BytesUp
    bytes_down: BytesDown


class TunnelPeerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A peer of the tunnel overlay."""

    ip: Annotated[str, Meta(description="Its address")]
    port: Annotated[int, Meta(description="Its UDP port")]
    mid: PeerId
    is_key_compatible: Annotated[bool, Meta(description="It can be a hop")]
    flags: Flags


class PointAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where an introduction point is."""

    ip: str
    port: int
    public_key: Annotated[str, Meta(description="148 hex digits")]


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """An introduction point."""

    address: PointAddress
    seeder_pk: Annotated[str, Meta(description="The seeder's key for that swarm, 148 hex digits")]
    source: Annotated[int, Meta(description="0 unknown, 1 the overlay's DHT, 2 exchange among introduction points")]


class SwarmPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The introduction points of one hidden swarm that this node stores for others."""

    info_hash: Annotated[str, Meta(description="40 hex digits: of the hidden swarm, not the torrent's")]
    peers: list[PointRow]


class SpeedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a test with a number of requests found."""

    speed_up: Annotated[float, Meta(description="KiB/s")]
    speed_down: Annotated[float, Meta(description="KiB/s")]
    messages_sent: int
    messages_received: int
    rtt_mean: Annotated[float, Meta(description="Seconds from a request to its answer; -1 without answers")]
    rtt_median: Annotated[float, Meta(description="Likewise")]


class SpeedSample(msgspec.Struct, frozen=True, kw_only=True):
    """How a test of some time goes."""

    up: Annotated[float, Meta(description="MiB/s")]
    down: Annotated[float, Meta(description="MiB/s")]
