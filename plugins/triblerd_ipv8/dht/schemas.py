"""What ``/ipv8/dht`` is asked and answers."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError

NodeId = Annotated[str, Meta(description="40 hex digits")]
Interface = Annotated[str, Meta(description="`UDPIPv4`")]
Value = Annotated[str, Meta(description="Hex digits")]
Signer = Annotated[str | None, Meta(description="The public key of who signed it, base64; null when nobody did")]


class BucketPrefix(str):
    """The prefix of a bucket in a path: digits 0 and 1; none for the one bucket of an empty table."""

    __slots__ = ()
    may_be_empty: ClassVar[bool] = True
    json_schema: ClassVar[Mapping[str, object]] = {
        "type": "string",
        "pattern": "^[01]*$",
        "description": "Digits 0 and 1; empty while there is one bucket alone",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the prefix; one that no bucket can have is no mistake of form."""
        if "\0" in text:
            msg = "no such bucket"
            raise InvalidInputError(msg)
        return cls(text)


class TableFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A routing table."""

    endpoint: Interface
    node_id: Annotated[str, Meta(description="Where this node is in the DHT, 40 hex digits")]
    routing_table_size: Annotated[int, Meta(description="Nodes in it")]
    routing_table_buckets: int
    num_keys_in_store: Annotated[int, Meta(description="Keys under which this node keeps values for others")]


class DhtFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How the DHT is."""

    peer_id: NodeId
    num_tokens: Annotated[int, Meta(description="Nodes that would store something for this one")]
    endpoints: list[TableFigures]
    num_peers_in_store: Annotated[dict[str, int], Meta(description="Peers that this node keeps the address of, by key")]
    num_store_for_me: Annotated[dict[str, int], Meta(description="Nodes that keep this node's address, by key")]


class DhtStatistics(msgspec.Struct, frozen=True):
    """How the DHT is."""

    statistics: DhtFigures


class StoredValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value that this node keeps for others."""

    endpoint: Interface
    public_key: Signer
    key: NodeId
    value: Value


class FoundValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was found."""

    public_key: Signer
    key: NodeId
    value: Value


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How it was looked for."""

    requests: Annotated[int, Meta(description="Nodes that were asked")]
    responses: Annotated[int, Meta(description="Nodes that answered")]
    responses_with_nodes: int
    responses_with_values: int
    time: Annotated[float, Meta(description="Seconds that it took")]


class FoundValues(msgspec.Struct, frozen=True):
    """What was found."""

    values: list[FoundValue]
    debug: Search


class NewValue(msgspec.Struct, frozen=True):
    """A value to store."""

    value: Value


class FoundPeer(msgspec.Struct, frozen=True):
    """A peer that was found."""

    public_key: Annotated[str, Meta(description="Base64")]
    address: Annotated[tuple[str, int], Meta(description="Its address and its UDP port")]


class FoundPeers(msgspec.Struct, frozen=True):
    """Those who have the id."""

    peers: list[FoundPeer]


class BucketNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the routing table."""

    ip: str
    port: int
    mid: Annotated[str, Meta(description="The peer's id, 40 hex digits")]
    id: Annotated[str, Meta(description="Where it is in the DHT, 40 hex digits")]
    failed: Annotated[int, Meta(description="Pings without an answer since the last one with")]
    last_contact: Annotated[float, Meta(description="Unix time")]
    distance: Annotated[int, Meta(description="From this node; up to 160 bits")]


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the routing table."""

    prefix: Annotated[str, Meta(description="What the ids in it begin with, as digits 0 and 1")]
    last_changed: Annotated[float, Meta(description="Unix time")]
    endpoint: Interface
    peers: list[BucketNode]


class BucketList(msgspec.Struct, frozen=True):
    """The routing table."""

    buckets: list[Bucket]
