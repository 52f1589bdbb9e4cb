"""The sections ``[ipv8]``, ``[discovery_community]``, ``[dht]`` and ``[bootstrap]``."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from triblerd.config import Section

Interval = Annotated[float, Meta(gt=0, le=86400)]
EndpointKind = Literal["auto", "rust", "python"]
HostAndPort = Annotated[str, Meta(pattern=r"^\S+:\d{1,5}$")]

_NOBODY = "127.0.0.1:9"  # the port of the discard service (RFC 863)

PUBLIC_SERVERS = (
    *("130.161.119.206:6421", "130.161.119.206:6422", "131.180.27.155:6423", "131.180.27.156:6424"),
    *("131.180.27.161:6427", "131.180.27.161:6521", "131.180.27.161:6522", "131.180.27.162:6523"),
    *("131.180.27.162:6524", "130.161.119.215:6525", "130.161.119.215:6526", "130.161.119.201:6527"),
    *("130.161.119.201:6528", "dispersy1.tribler.org:6421", "dispersy1.st.tudelft.nl:6421"),
    *("dispersy2.tribler.org:6422", "dispersy2.st.tudelft.nl:6422", "dispersy3.tribler.org:6423"),
    *("dispersy3.st.tudelft.nl:6423", "dispersy4.tribler.org:6424"),
)
"""Who introduces newcomers in Tribler's network."""


class Ipv8Config(Section):
    """The overlay network: where it listens, and whom it asks first."""

    repairs: ClassVar[bool] = True
    # Who wanted a network of his own must not be led into the public one by a slip of the pen.
    careful: ClassVar[Mapping[str, object]] = {"address": "127.0.0.1", "bootstrap": (), "bootstrap_override": _NOBODY}

    port: Annotated[
        int, Meta(ge=0, le=65535, description="UDP port; when it is taken, the next free one; 0 picks one")
    ] = 7759
    address: Annotated[
        str,
        Meta(
            min_length=1,
            description="Address to bind; another one than 0.0.0.0 keeps it to itself, "
            "so that on 127.0.0.1 there is a network of this machine alone",
        ),
    ] = "0.0.0.0"  # noqa: S104 - as documented
    endpoint: Annotated[
        EndpointKind,
        Meta(
            description="What carries packets: `rust`; `python`, half as fast in tunnels; or `auto`, "
            "the one in Rust wherever its module can be imported",
        ),
    ] = "auto"
    bootstrap: Annotated[
        tuple[HostAndPort, ...],
        Meta(description="`host:port` of those who introduce us to others; an empty list asks nobody"),
    ] = PUBLIC_SERVERS
    bootstrap_override: Annotated[
        HostAndPort | None, Meta(description="`host:port` of the only one, in the place of all of `bootstrap`")
    ] = None
    statistics: Annotated[bool, Meta(description="Count messages per overlay")] = False
    rendezvous_stats: Annotated[bool, Meta(description="Keep statistics of meetings with other peers (stored)")] = False
    walk_interval: Annotated[Interval, Meta(description="Seconds between two steps to find peers")] = 0.5
    walk_scaling_enabled: Annotated[bool, Meta(description="Take fewer steps under load")] = True
    walk_scaling_upper_limit: Annotated[Interval, Meta(description="Seconds between two steps at most")] = 3.0


class DiscoveryCommunity(Section):
    """Finding peers in the overlay."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Look for peers of all overlays")] = True


class OverlayDht(Section):
    """The overlay's own distributed hash table."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Take part in it")] = True


class Bootstrap(Section):
    """The file with first addresses of the overlay, which nobody offers any more: stored, not acted upon."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Fetch the file (stored, not acted upon)")] = True
    max_download_rate: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="Bytes per second to fetch it with (stored, not acted upon)")
    ] = 1_000_000
    infohash: Annotated[
        str, Meta(pattern="^[0-9a-fA-F]{40}$", description="Infohash of the file's torrent (stored, not acted upon)")
    ] = "b496932f32daad964e1b63188faabf74d22b45ea"
