"""The sections of this plugin: its own, and those that Tribler's clients know."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Bytes = Annotated[int, Meta(ge=0, le=2**31 - 1)]

_STORED = "(stored, not acted upon)"


class DiscoveryConfig(Section):
    """Searches and gossip among peers: what others may know, and how much is taken of them."""

    share_own: Annotated[
        bool,
        Meta(description="Answer and tell others also of torrents that you download, look up or create: they see them"),
    ] = False
    tell_version: Annotated[
        bool, Meta(description="Tell who asks for it which version of triblerd this is, and the operating system")
    ] = False
    records_per_peer: Annotated[Count, Meta(description="Torrents that are taken of one peer a day")] = 2000
    records_per_day: Annotated[Count, Meta(description="Torrents that are taken of all peers together a day")] = 50_000


class ContentDiscoveryCommunity(Section):
    """Searches and gossip among peers."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Take part in it")] = True
    testnet: Annotated[bool, Meta(description=f"Use the test network {_STORED}")] = False
    maximum_payload_size: Annotated[Bytes, Meta(description="Bytes of one packet of an answer at most")] = 1300


class PopularityCommunity(Section):
    """Gossip of popular torrents."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Take part in it")] = True
    cache_dir: Annotated[str, Meta(min_length=1, description=f"Relative to the state directory {_STORED}")] = (
        "health_cache"
    )


class RemoteQueryCommunity(Section):
    """How much is asked and answered at a time."""

    repairs: ClassVar[bool] = True

    minimal_blob_size: Annotated[Bytes, Meta(description=f"Bytes of the smallest part of an answer {_STORED}")] = 200
    maximum_payload_size: Annotated[
        Bytes,
        Meta(description=f"Bytes of one packet at most {_STORED}: see `content_discovery_community`"),
    ] = 1300
    max_entries: Annotated[Count, Meta(description=f"Entries of one gossip message at most {_STORED}")] = 6
    max_query_peers: Annotated[Count, Meta(description="Peers asked per search")] = 20
    max_response_size: Annotated[Count, Meta(description="Torrents of one answer at most; more than 100 are 100")] = 100
    max_channel_query_back: Annotated[Count, Meta(description=f"Questions back for unknown channels {_STORED}")] = 4
    push_updates_back_enabled: Annotated[
        bool, Meta(description=f"Tell a peer what is newer than its answer {_STORED}")
    ] = True
