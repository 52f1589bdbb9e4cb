"""What the routes of trackers, web seeds and peers take and answer."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from triblerd_downloads.connected import PeerItem


class TrackerItem(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker, or one of the pseudo trackers ``[DHT]`` and ``[PeX]``."""

    url: str
    peers: Annotated[int, Meta(description="Peers in its last reply")]
    status: str


class TrackerDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker with all that is known of it, or one of the pseudo trackers ``[DHT]`` and ``[PeX]``."""

    url: str
    tier: Annotated[int, Meta(description="Trackers of a lower tier are asked first (BEP 12); -1 of pseudo trackers")]
    peers: Annotated[int, Meta(description="Peers in its last reply; -1 before the first contact")]
    seeds: Annotated[int, Meta(description="Seeds that it knows of; -1 unknown")]
    leeches: Annotated[int, Meta(description="Leechers that it knows of; -1 unknown")]
    downloads: Annotated[int, Meta(description="How often it saw the torrent completed; -1 unknown")]
    status: Annotated[
        str,
        Meta(
            description="`Not contacted yet`, `Working`, `Error: <text>`, `HTTP status code <n>`, `Timeout`, "
            "`Not working`, `Warning: <text>`; `Disabled` of pseudo trackers"
        ),
    ]
    message: Annotated[str, Meta(description="What it said beside its last answer; empty when nothing")]
    fails: Annotated[int, Meta(description="Announces that failed, one after the other")]
    is_updating: Annotated[bool, Meta(description="An announce is under way")]
    last_announce: Annotated[int, Meta(description="When it last answered, well or not, Unix time; 0 never")]
    next_announce: Annotated[int, Meta(description="When it will be asked again, Unix time; 0 not planned")]


class TrackerDetailsList(msgspec.Struct, frozen=True, kw_only=True):
    """The trackers of a download."""

    trackers: list[TrackerDetails]


class WebSeed(msgspec.Struct, frozen=True, kw_only=True):
    """A server that has the files (BEP 19)."""

    url: str


class WebSeedList(msgspec.Struct, frozen=True, kw_only=True):
    """The web seeds of a download."""

    web_seeds: list[WebSeed]


class PeerList(msgspec.Struct, frozen=True, kw_only=True):
    """The connected peers of a download."""

    peers: list[PeerItem]


class BannedPeer(msgspec.Struct, frozen=True, kw_only=True):
    """An address, or a network of them, that the daemon does not speak to."""

    ip: Annotated[str, Meta(description="Address or network of IPv4 or IPv6, such as `192.0.2.1` or `2001:db8::/64`")]
    since: Annotated[int, Meta(description="When it was banned, Unix time")]


class BannedPeerList(msgspec.Struct, frozen=True, kw_only=True):
    """All bans."""

    banned_peers: Annotated[list[BannedPeer], Meta(description="The oldest first")]


class UrlBody(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker or a web seed."""

    url: Annotated[Any, Meta(description="Its URL, a text; required")] = None


class PeerBody(msgspec.Struct, frozen=True, kw_only=True):
    """A peer to connect to."""

    ip: Annotated[Any, Meta(description="Its address, IPv4 or IPv6, no name; required")] = None
    port: Annotated[Any, Meta(description="Its port, 1 to 65535; required")] = None


class DropBody(msgspec.Struct, frozen=True, kw_only=True):
    """A peer to disconnect."""

    ip: Annotated[Any, Meta(description="Its address; required")] = None
    ban: Annotated[bool, Meta(description="Also never speak to it again, in any download")] = False


class BanBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to ban, or to unban."""

    ip: Annotated[Any, Meta(description="Address or network of IPv4 or IPv6; required")] = None


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """It is there now, or was there already."""

    added: bool = True


class RemovedOne(msgspec.Struct, frozen=True, kw_only=True):
    """It is not there now; perhaps it never was."""

    removed: bool = True


class Forced(msgspec.Struct, frozen=True, kw_only=True):
    """The announce was asked for."""

    forced: bool = True


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """There is no connection to that address now."""

    dropped: bool = True
    banned: Annotated[bool, Meta(description="Whether the address is banned from now on")]


class Banned(msgspec.Struct, frozen=True, kw_only=True):
    """It is banned now."""

    banned: bool = True


class Unbanned(msgspec.Struct, frozen=True, kw_only=True):
    """It is not banned now; perhaps it never was."""

    unbanned: bool = True
