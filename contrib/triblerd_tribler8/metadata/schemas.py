"""What is answered of known torrents."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd_metadata.api import Entry

InfohashText = Annotated[str, Meta(description="40 lower-case hex digits")]


class TorrentEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=300):
    """A torrent that is known."""

    name: str
    category: Annotated[str, Meta(description="The category and, separated by commas, the user's tags")]
    infohash: InfohashText
    size: Annotated[int, Meta(description="Bytes of all files")]
    num_seeders: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    num_leechers: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    last_tracker_check: Annotated[int, Meta(description="Unix time, 0 for never")]
    created: Annotated[int, Meta(description="When the torrent was made: Unix time, 0 for unknown")]
    tag_processor_version: Annotated[int, Meta(description="Version of the automatic tagging that was applied")]
    id: Annotated[int, Meta(description="63 bits; unique together with `public_key`")]
    origin_id: Annotated[int, Meta(description="`id` of the folder or channel that it is in, 0 for none")]
    public_key: Annotated[str, Meta(description="128 hex digits; empty when nobody signed it")]
    status: Annotated[int, Meta(description="2 for what is published or comes from others")]
    trackers: Annotated[tuple[str, ...], Meta(description="Announce URLs")]
    progress: Annotated[
        float | UnsetType, Meta(description="0 to 1, if there is a download of it; in popular lists")
    ] = UNSET


def torrent_entry(entry: Entry, progress: float | UnsetType = UNSET) -> TorrentEntry:
    """Return the JSON form of a torrent's entry."""
    return TorrentEntry(
        name=entry.title,
        category=entry.category,
        infohash=entry.infohash.hex(),
        size=entry.size,
        num_seeders=entry.seeders,
        num_leechers=entry.leechers,
        last_tracker_check=entry.checked,
        created=entry.torrent_date,
        tag_processor_version=entry.tag_processor_version,
        id=entry.id,
        origin_id=entry.origin_id,
        public_key=entry.public_key.hex(),
        status=entry.status,
        trackers=entry.trackers,
        progress=progress,
    )


class PopularPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of popular torrents."""

    results: list[TorrentEntry]
    first: Annotated[int, Meta(description="Number of the first row, from 1")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]


class FoundPage(PopularPage, frozen=True, kw_only=True):
    """A page of what was found."""

    sort_by: Annotated[str | None, Meta(description="The column, by its internal name")]
    sort_desc: bool
    total: Annotated[int | UnsetType, Meta(description="With `include_total`: how many there are in all")] = UNSET
    max_rowid: Annotated[int | UnsetType, Meta(description="With `include_total`: the newest row of the store")] = UNSET


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found."""

    infohash: InfohashText
    seeders: int
    leechers: int
    last_check: Annotated[int, Meta(description="Unix time")]
    tracker: Annotated[str, Meta(description="Who said so; empty for the DHT, or when it is not known")]


class CheckRows(msgspec.Struct, frozen=True, kw_only=True):
    """Checks of one kind each."""

    local: Annotated[list[CheckRow], Meta(description="Our own, the latest first")]
    remote: Annotated[list[CheckRow], Meta(description="Those that peers told, likewise")]


class CheckHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The last checks since the daemon started."""

    health_history: CheckRows


class TagAdded(msgspec.Struct, frozen=True):
    """Whether the torrent is known."""

    added: bool


class TagRemoved(msgspec.Struct, frozen=True):
    """Whether the torrent is known."""

    removed: bool


class TagsUpdated(msgspec.Struct, frozen=True):
    """Whether the torrent is known."""

    updated: bool


class PeersAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Who was asked."""

    request_uuid: Annotated[str, Meta(description="Comes back with each answer, as `remote_query_results`")]
    peers: Annotated[list[str], Meta(description="40 hex digits each; empty when none is known")]
