"""What other plugins, and listeners on ``/events``, see of searches at peers."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from triblerd.events import Arguments, Event
from triblerd_metadata.api import TorrentItem


class PeerResults(msgspec.Struct, frozen=True, kw_only=True):
    """What a packet of a peer's answer brought."""

    results: Annotated[list[TorrentItem], Meta(description="Torrents that were new here, or have changed; maybe none")]
    uuid: Annotated[str, Meta(description="`request_uuid` of the search")]
    peer: Annotated[str, Meta(description="Id of the peer that answered, 40 hex digits")]


class RemoteQueryResults(Event):
    """A peer answered a search. A long answer comes in several parts."""

    topic: ClassVar[str] = "remote_query_results"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL
    unshown: ClassVar[frozenset[str]] = frozenset({"query"})

    answer: PeerResults
    query: str | None = None
    """The words that peers were asked for, as they were sent."""


class RemoteQueryEnded(Event):
    """Nothing more will come of a search at peers: all have answered, or ten seconds are over."""

    topic: ClassVar[str] = "remote_query_ended"

    uuid: Annotated[str, Meta(description="`request_uuid` of the search")]
    answered: Annotated[int, Meta(description="How many of the peers have answered")]
    asked: Annotated[int, Meta(description="How many peers were asked")]
