"""What ``/trustview`` takes and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta


class TrustQuery(msgspec.Struct, frozen=True):
    """Which graph is wanted."""

    refresh: Annotated[str, Meta(description="An integer; not 0: make the graph anew if the ledger has changed")] = "0"
    depth: Annotated[str, Meta(description="Ignored; older clients send it")] = ""


class TrustNode(msgspec.Struct, frozen=True, kw_only=True):
    """One node."""

    id: Annotated[int, Meta(description="Its number in this graph; 0 is this node")]
    key: Annotated[str, Meta(description="Its public key, 148 hexadecimal digits")]
    total_up: Annotated[int, Meta(description="Bytes that it gave to others, by all of the ledger")]
    total_down: Annotated[int, Meta(description="Bytes that it took from others, by all of the ledger")]
    pos: Annotated[tuple[float, float], Meta(description="x and y from -1 to 1: where to draw it")]


class TrustGraph(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes and relations."""

    node: Annotated[list[TrustNode], Meta(description="This node first; at most 500")]
    edge: Annotated[
        list[tuple[int, int]], Meta(description="Pairs of ids that have taken from one another; at most 2500")
    ]


class TrustView(msgspec.Struct, frozen=True, kw_only=True):
    """Who helps whom, as far as this node knows."""

    root_public_key: Annotated[str, Meta(description="Public key of this node, 148 hexadecimal digits")]
    graph: Annotated[TrustGraph, Meta(description="This node, its partners, and theirs")]
    bootstrap: Annotated[int, Meta(description="Always 0")] = 0
    num_tx: Annotated[int, Meta(description="The number of edges")]
