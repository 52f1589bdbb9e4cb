"""The ``[libtorrent]`` section."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Port, Secret, Section

MOST = 2**31 - 1
"""What the engine can hold."""
Unlimited = Annotated[int, Meta(ge=-1, le=MOST)]
"""A number of something, where -1 means any number."""
Rate = Annotated[int, Meta(ge=0, le=MOST)]
Hops = Annotated[str, Meta(pattern=r"^(-1|[0-3])$")]
Day = Annotated[tuple[tuple[Rate, Rate], ...], Meta(min_length=48, max_length=48)]


class LibtorrentConfig(Section):
    """The BitTorrent engine."""

    repairs: ClassVar[bool] = True

    port: Annotated[Port | None, Meta(description="Port for peers, TCP and UDP; null, -1 and 0 pick one")] = None
    listen_interface: Annotated[
        str, Meta(min_length=1, description="Address or network device that peers are reached by")
    ] = "0.0.0.0"  # noqa: S104 - peers are outside
    proxy_type: Annotated[
        int,
        Meta(ge=0, le=5, description="0 none, 1 SOCKS4, 2 SOCKS5, 3 SOCKS5 with login, 4 HTTP, 5 HTTP with login"),
    ] = 0
    # What names no proxy would leave the daemon without one, and the user in the belief to have one.
    proxy_server: Annotated[
        str, Meta(pattern=r"^(:?|\S+:[0-9]{1,5})$", description="host:port of the proxy; : is none")
    ] = ":"
    proxy_auth: Annotated[Secret, Meta(description="user:password for the proxy; : is none")] = ":"
    max_connections_download: Annotated[Unlimited, Meta(description="Connections per download; -1 is any number")] = -1
    max_download_rate: Annotated[int, Meta(ge=0, description="Bytes per second of all downloads; 0 is unlimited")] = 0
    max_upload_rate: Annotated[int, Meta(ge=0, description="Bytes per second to all peers; 0 is unlimited")] = 0
    use_advanced_rate_limits: Annotated[
        bool,
        Meta(description="Limit sessions by the time of day, as `advanced_rate_limits` says, in the place of these"),
    ] = False
    advanced_rate_limits: Annotated[
        Mapping[Hops, Day],
        Meta(
            description="By number of hops, as text: 48 pairs of bytes per second, up and down, one for each half hour "
            "of the local day; in between the limits follow a straight line, and 0 is unlimited"
        ),
    ] = {}
    utp: Annotated[bool, Meta(description="Speak uTP, which gives way to other traffic, beside TCP")] = True
    dht: Annotated[bool, Meta(description="Find peers by the distributed hash table")] = True
    upnp: Annotated[bool, Meta(description="Ask the router by UPnP to forward our port")] = True
    natpmp: Annotated[bool, Meta(description="Ask the router by NAT-PMP or PCP to forward our port")] = True
    lsd: Annotated[bool, Meta(description="Find peers on the local network")] = True
    dht_readiness_timeout: Annotated[
        int,
        Meta(
            ge=0, le=MOST, description="Seconds that a new download may wait for the DHT (stored; nothing waits here)"
        ),
    ] = 30
    announce_to_all_tiers: Annotated[bool, Meta(description="Announce to one tracker of every tier")] = False
    announce_to_all_trackers: Annotated[bool, Meta(description="Announce to every tracker of a tier")] = False
    max_concurrent_http_announces: Annotated[
        int, Meta(ge=1, le=MOST, description="HTTP announces at the same time")
    ] = 50
    active_downloads: Annotated[Unlimited, Meta(description="Queued downloads that run at once; -1 is all")] = 3
    active_seeds: Annotated[Unlimited, Meta(description="Queued downloads that seed at once; -1 is all")] = 5
    active_checking: Annotated[Unlimited, Meta(description="Downloads that are checked at once; -1 is all")] = 1
    active_dht_limit: Annotated[Unlimited, Meta(description="Downloads announced to the DHT; -1 is all")] = 88
    active_tracker_limit: Annotated[Unlimited, Meta(description="Downloads announced to trackers; -1 is all")] = 1600
    active_lsd_limit: Annotated[Unlimited, Meta(description="Downloads announced locally; -1 is all")] = 60
    active_limit: Annotated[Unlimited, Meta(description="Queued downloads that run or seed at once; -1 is all")] = 500
    fetch_timeout: Annotated[float, Meta(gt=0, le=300, description="Seconds for fetching a torrent by HTTP")] = 30.0
    accept_bad_certificates: Annotated[
        bool,
        Meta(description="Fetch torrents by HTTPS also from servers that cannot prove who they are"),
    ] = False
    checkpoint_interval: Annotated[
        float, Meta(ge=0.5, description="Seconds between two saves of what downloads have finished")
    ] = 10.0
