"""What ``/ipv8/tunnel`` is asked and answers; its rows are those of the tunnels plugin."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd_tunnels.api import CircuitRow, ExitRow, RelayRow, SwarmRow, TunnelPeerRow


class TunnelSettings(msgspec.Struct, frozen=True):
    """How tunnels are built."""

    settings: Annotated[dict[str, Any], Meta(description="Seconds, bytes, numbers, flags; empty without tunnels")]


class CircuitList(msgspec.Struct, frozen=True):
    """Circuits of this node."""

    circuits: list[CircuitRow]


class RelayList(msgspec.Struct, frozen=True):
    """Circuits of others that go through this node."""

    relays: list[RelayRow]


class ExitList(msgspec.Struct, frozen=True):
    """Circuits of others that end at this node."""

    exits: list[ExitRow]


class SwarmList(msgspec.Struct, frozen=True):
    """Hidden swarms."""

    swarms: list[SwarmRow]


class SwarmSize(msgspec.Struct, frozen=True):
    """How many seeders a hidden swarm has."""

    swarm_size: int


class TunnelPeerList(msgspec.Struct, frozen=True):
    """Who may be a hop."""

    peers: list[TunnelPeerRow]


class HopsQuery(msgspec.Struct, frozen=True):
    """By how many hops to ask."""

    hops: Annotated[str, Meta(description="1 to 3")] = "1"


class TimedTest(msgspec.Struct, frozen=True):
    """A test of some time."""

    test_time_ms: Annotated[str, Meta(description="Milliseconds, 1 to 60000")] = "5000"
    goal_hops: Annotated[str, Meta(description="Hops of a new circuit, 1 to 3")] = "1"
    request_size: Annotated[str, Meta(description="Bytes of a request, 0 to 2000")] = "50"
    response_size: Annotated[str, Meta(description="Bytes of an answer, 0 to 2000")] = "1024"


class CountedTest(msgspec.Struct, frozen=True):
    """A test of some number of requests."""

    request_size: Annotated[int | UnsetType, Meta(description="Bytes of a request, 0 to 2000")] = UNSET
    response_size: Annotated[int | UnsetType, Meta(description="Bytes of an answer, 0 to 2000")] = UNSET
    num_requests: Annotated[int | UnsetType, Meta(description="How many, 1 to 10000")] = UNSET
    goal_hops: Annotated[int, Meta(description="Hops of a new circuit, 1 to 3")] = 1
