"""What is asked and answered by searches."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd_metadata.api import (
    ChannelItem,
    DescriptionItem,
    FolderItem,
    PictureItem,
    SearchQuery,
    Selection,
    TorrentItem,
    as_flag,
)


class SnippetItem(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=600):
    """Torrents of one content."""

    infohash: Annotated[str, Meta(description="The name of the content: no infohash")]
    category: str = ""
    name: Annotated[str, Meta(description="The name of the content")]
    torrents: Annotated[int, Meta(description="How many torrents of it there are on this page")]
    torrents_in_snippet: Annotated[list[TorrentItem], Meta(description="At most 4, those with most seeders first")]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was found."""

    results: Annotated[
        list[TorrentItem | ChannelItem | FolderItem | DescriptionItem | PictureItem | SnippetItem],
        Meta(description="The first page begins with up to 3 snippets, and lacks the torrents that are in them"),
    ]
    first: Annotated[int, Meta(description="Number of the first row, from 1")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]
    sort_by: Annotated[str | None, Meta(description="The column, by its internal name")]
    sort_desc: bool
    total: Annotated[int | UnsetType, Meta(description="With `include_total`: how many there are in all")] = UNSET
    max_rowid: Annotated[int | UnsetType, Meta(description="With `include_total`: the newest row of the store")] = UNSET


class CompletionQuery(msgspec.Struct):
    """What somebody has begun to type."""

    q: Annotated[str | None, Meta(description="The beginning of one or several words; case does not matter")] = None


class Completions(msgspec.Struct, frozen=True, kw_only=True):
    """How it may go on."""

    completions: Annotated[list[str], Meta(description="At most 5 texts that begin with `q` in lower case")]


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """Titles are being indexed anew."""

    success: bool = True


class RemoteQuery(SearchQuery, frozen=True, kw_only=True):
    """What peers are asked for."""

    popular: Annotated[
        str | None,
        Meta(
            description="The torrents that are most alive where they are asked for: a flag, or an integer (> 0)",
            extra_json_schema={"type": "string"},
        ),
    ] = None

    def selection(self) -> Selection:
        """Return what is asked for.

        Raises:
            BadParametersError: a parameter means nothing.
        """
        return msgspec.structs.replace(super().selection(), popular=as_flag(self.popular or ""))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who was asked."""

    request_uuid: Annotated[str, Meta(description="Comes back with each answer, as `remote_query_results` on /events")]
    peers: Annotated[list[str], Meta(description="Peers that were asked, 40 hex digits each; empty when none is known")]


class ChannelPeers(msgspec.Struct, frozen=True, kw_only=True):
    """Peers that serve a channel."""

    channel_name: Annotated[str | None, Meta(description="`null` when the channel is not known here")]
    channel_pk: Annotated[str, Meta(description="128 hex digits")]
    channel_id: int
    peers: Annotated[list[tuple[str, int]], Meta(description="Peer and seconds since its last answer")]


class ChannelsPeers(msgspec.Struct, frozen=True, kw_only=True):
    """The channels for which serving peers are known."""

    channels_list: list[ChannelPeers]
