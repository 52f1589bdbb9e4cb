"""What ``/ipv8/overlays``, ``/ipv8/network`` and ``/ipv8/isolation`` are asked and answer."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Ip = Annotated[str, Meta(description="Its address")]
UdpPort = Annotated[int, Meta(description="Its UDP port")]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An address and a UDP port."""

    ip: Ip
    port: UdpPort


class OverlayPeer(Place, frozen=True, kw_only=True):
    """A peer of an overlay."""

    public_key: Annotated[str, Meta(description="148 hex digits")]


class WalkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What supplies an overlay with peers."""

    name: str
    target_peers: Annotated[int, Meta(description="It takes steps while there are fewer; -1 means always")]


class OverlayTraffic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one overlay sent and received; empty while nobody counts it."""

    num_up: Annotated[int | UnsetType, Meta(description="Messages sent")] = UNSET
    num_down: Annotated[int | UnsetType, Meta(description="Messages received")] = UNSET
    bytes_up: Annotated[int | UnsetType, Meta(description="Bytes sent")] = UNSET
    bytes_down: Annotated[int | UnsetType, Meta(description="Bytes received")] = UNSET
    diff_time: Annotated[float | UnsetType, Meta(description="Seconds from the first message to the last")] = UNSET


class OverlayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One overlay."""

    id: Annotated[str, Meta(description="40 hex digits")]
    my_peer: Annotated[str, Meta(description="This node's public key, 148 hex digits")]
    global_time: Annotated[int, Meta(description="Of its logical clock")]
    peers: list[OverlayPeer]
    overlay_name: str
    statistics: OverlayTraffic
    max_peers: Annotated[int, Meta(description="With more peers it answers no newcomers; -1 means any number")]
    is_isolated: Annotated[bool, Meta(description="It knows peers that other overlays do not know")]
    my_estimated_wan: Annotated[Place, Meta(description="Where others say that this node is")]
    my_estimated_lan: Annotated[Place, Meta(description="Where it is in its own network")]
    strategies: list[WalkerRow]


class OverlayList(msgspec.Struct, frozen=True):
    """All overlays."""

    overlays: list[OverlayRow]


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent and received of one message."""

    identifier: Annotated[int, Meta(description="The message's number")]
    num_up: int
    num_down: int
    bytes_up: int
    bytes_down: int
    first_measured_up: Annotated[float, Meta(description="Unix time, 0 before the first")]
    first_measured_down: Annotated[float, Meta(description="Unix time, 0 before the first")]
    last_measured_up: Annotated[float, Meta(description="Unix time, 0 before the first")]
    last_measured_down: Annotated[float, Meta(description="Unix time, 0 before the first")]


class CountedMessages(msgspec.Struct, frozen=True):
    """What was counted."""

    statistics: Annotated[
        list[dict[str, dict[str, MessageRow]]],
        Meta(description="For each overlay its name, and its messages by `<number>:<name>`"),
    ]


class CountSwitch(msgspec.Struct, frozen=True):
    """Which messages to count."""

    enable: Annotated[bool | UnsetType, Meta(description="Count, or forget what was counted")] = UNSET
    all: Annotated[bool | UnsetType, Meta(description="Of all overlays")] = UNSET
    overlay_name: Annotated[str | UnsetType, Meta(description="Of the overlays of that name")] = UNSET


class KnownPeer(Place, frozen=True, kw_only=True):
    """A peer that said who it is."""

    public_key: Annotated[str, Meta(description="Base64")]
    services: Annotated[list[str], Meta(description="The overlays that it takes part in, base64 of their ids")]


class KnownPeerList(msgspec.Struct, frozen=True):
    """All peers that are known."""

    peers: Annotated[dict[str, KnownPeer], Meta(description="By their ids in base64")]


class Acquaintance(msgspec.Struct, frozen=True):
    """Whom to ask."""

    ip: Annotated[str | UnsetType, Meta(description="An address of IPv4")] = UNSET
    port: Annotated[int | UnsetType, Meta(description="A UDP port")] = UNSET
    exitnode: Annotated[Any, Meta(description="Present, whatever it is: it is asked to be a peer of the tunnels")] = (
        UNSET
    )
    bootstrapnode: Annotated[Any, Meta(description="Present, whatever it is: it is asked for introductions")] = UNSET
