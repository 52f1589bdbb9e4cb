"""What ``/downloads`` takes and answers."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.http.endpoint import ExactOne
from triblerd_downloads.connected import PeerItem
from triblerd_downloads.swarm.schemas import TrackerItem

Flag = bool | Literal[0, 1]


class FileItem(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a torrent."""

    index: Annotated[int, Meta(description="Position in the torrent")]
    name: Annotated[str, Meta(description="POSIX path below the torrent's top directory")]
    size: Annotated[int, Meta(description="Bytes")]
    included: Annotated[bool, Meta(description="It is to be downloaded")]
    progress: Annotated[float, Meta(description="0 to 1")]


class DownloadItem(msgspec.Struct, frozen=True, kw_only=True):
    """A download."""

    name: Annotated[str, Meta(description="`Unknown name` for a magnet link without one")]
    progress: Annotated[float, Meta(description="0 to 1, of checking or downloading")]
    infohash: Annotated[str, Meta(description="40 lower-case hex digits")]
    speed_down: Annotated[int, Meta(description="Payload, bytes per second")]
    speed_up: Annotated[int, Meta(description="Payload, bytes per second")]
    status: Annotated[str, Meta(description="Name of the state")]
    status_code: Annotated[int, Meta(description="Number of the state, 0 to 9")]
    size: Annotated[int, Meta(description="Bytes of all files; 0 while the metadata are unknown")]
    eta: Annotated[float, Meta(description="Seconds; very large when nothing comes in")]
    num_peers: Annotated[int, Meta(description="Known leechers")]
    num_seeds: Annotated[int, Meta(description="Known seeds")]
    num_connected_peers: Annotated[int, Meta(description="Connected leechers")]
    num_connected_seeds: Annotated[int, Meta(description="Connected seeds")]
    total_up: Annotated[int, Meta(description="Bytes sent since the start, overhead included")]
    total_down: Annotated[int, Meta(description="Bytes received since the start, overhead included")]
    ratio: Annotated[float, Meta(description="All that was ever uploaded by the bytes that are there")]
    trackers: list[TrackerItem]
    hops: Annotated[int, Meta(description="0 is a plain download")]
    anon_download: bool
    safe_seeding: bool
    max_upload_speed: Annotated[int, Meta(description="Limit of all downloads together; 0 is unlimited")]
    max_download_speed: Annotated[int, Meta(description="Limit of all downloads together; 0 is unlimited")]
    destination: Annotated[str, Meta(description="Absolute directory")]
    availability: Annotated[float, Meta(description="Copies of the torrent among the connected peers")]
    total_pieces: Annotated[int, Meta(description="0 while the metadata are unknown")]
    vod_mode: Annotated[bool | None, Meta(description="A stream is enabled; null when there never was one")]
    error: Annotated[str, Meta(description="Empty, or the text of the error in quotes")]
    time_added: Annotated[int, Meta(description="Unix time")]
    channel_download: Annotated[bool, Meta(description="Always false")] = False
    vod_prebuffering_progress: Annotated[
        float | UnsetType, Meta(description="Once streamed: what is there of the part that is played first, 0 to 1")
    ] = UNSET
    vod_prebuffering_progress_consec: Annotated[
        float | UnsetType, Meta(description="Once streamed: the same, up to the first gap")
    ] = UNSET
    vod_header_progress: Annotated[
        float | UnsetType, Meta(description="Once streamed: what is there of the file's beginning, 0 to 1")
    ] = UNSET
    vod_footer_progress: Annotated[
        float | UnsetType, Meta(description="Once streamed: what is there of the file's end, 0 to 1")
    ] = UNSET
    category: Annotated[str, Meta(description="Name of its category; empty when it has none")] = ""
    tags: Annotated[tuple[str, ...], Meta(description="Its tags")] = ()
    completed_dir: Annotated[
        str | UnsetType, Meta(description="Absolute directory that it is moved to when complete; only if there is one")
    ] = UNSET
    seeding_ratio: Annotated[
        float | UnsetType, Meta(description="Its own limit, uploaded by downloaded; only if there is one")
    ] = UNSET
    seeding_time: Annotated[
        float | UnsetType, Meta(description="Its own limit, seconds of seeding; only if there is one")
    ] = UNSET
    peers: Annotated[list[PeerItem] | UnsetType, Meta(description="On request")] = UNSET
    pieces: Annotated[
        str | UnsetType, Meta(description="On request: base64 of a bitmap, first piece = most significant bit")
    ] = UNSET
    files: Annotated[list[FileItem] | UnsetType, Meta(description="On request")] = UNSET


class Checkpoints(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at the start."""

    total: Annotated[int | None, Meta(description="Stored downloads found at the start")]
    loaded: Annotated[int, Meta(description="How many of them are loaded")]
    all_loaded: Annotated[bool, Meta(description="Loading has ended")]


class DownloadList(msgspec.Struct, frozen=True, kw_only=True):
    """All downloads, or those that changed."""

    downloads: list[DownloadItem]
    checkpoints: Checkpoints
    removed: Annotated[
        list[str] | UnsetType, Meta(description="With `since`: infohashes that are gone; apply these first")
    ] = UNSET
    full: Annotated[
        bool | UnsetType, Meta(description="With `since`: the list is complete; forget what it does not name")
    ] = UNSET
    revision: Annotated[str | UnsetType, Meta(description="With `since`: what to send as `since` next time")] = UNSET


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /downloads`` shall add."""

    get_peers: Annotated[ExactOne, Meta(description="1 adds `peers` to every item")] = False
    get_pieces: Annotated[ExactOne, Meta(description="1 adds `pieces` to every item")] = False
    get_files: Annotated[ExactOne, Meta(description="1 adds `files` to every item")] = False
    infohash: Annotated[str, Meta(description="Add these to this item only; all items are listed")] = ""
    since: Annotated[
        str | None,
        Meta(description="A `revision`: list only what changed after it. An empty or unknown one lists everything"),
    ] = None
    category: Annotated[
        str | None, Meta(description="List only downloads of this category; empty: only those without one")
    ] = None
    tag: Annotated[str | None, Meta(description="List only downloads that have this tag")] = None


class AddQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Options of an uploaded torrent file."""

    anon_hops: Annotated[str | None, Meta(description="0 to 3")] = None
    safe_seeding: Annotated[bool, Meta(description="Seed anonymously")] = False
    destination: Annotated[str | None, Meta(description="Absolute directory")] = None
    selected_files: Annotated[str | None, Meta(description="Indices of files, such as 0,2; none means all")] = None
    category: Annotated[str | None, Meta(description="Name of a category")] = None
    tags: Annotated[str | None, Meta(description="Tags, separated by commas")] = None


class AddBody(msgspec.Struct, frozen=True, kw_only=True):
    """A download to add."""

    uri: Annotated[str | None, Meta(description="A `magnet:`, `http:`, `https:` or `file:` URI")] = None
    anon_hops: Annotated[int | None, Meta(description="0 to 3; anonymity needs `safe_seeding`")] = None
    safe_seeding: Annotated[Flag | None, Meta(description="Seed anonymously")] = None
    destination: Annotated[str | None, Meta(description="Absolute directory; made when it is missing")] = None
    selected_files: Annotated[list[int] | None, Meta(description="Indices of files; none means all")] = None
    category: Annotated[
        str | None, Meta(description="Name of a category, whose directory is the default for `destination`")
    ] = None
    tags: Annotated[list[str] | None, Meta(description="At most 32 tags")] = None


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A download was added, or was there already."""

    started: bool = True
    infohash: str
    existed: Annotated[
        bool | UnsetType,
        Meta(description="True when it was there already, and stays as it is, but for new trackers; else left out"),
    ] = UNSET


class RemoveBody(msgspec.Struct, frozen=True, kw_only=True):
    """How a download is to be removed."""

    remove_data: Annotated[Flag, Meta(description="Delete its files, too")]


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A download was removed."""

    removed: bool = True
    infohash: str


class ChangeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What shall change of a download. ``anon_hops`` comes alone."""

    vod_mode: Annotated[Any, Meta(description="True prepares a file to be played, false ends its streams")] = None
    fileindex: Annotated[int | None, Meta(description="The file to stream")] = None
    anon_hops: Annotated[int | None, Meta(description="0 to 3")] = None
    selected_files: Annotated[list[int] | None, Meta(description="Indices of files; none means all")] = None
    state: Annotated[str | None, Meta(description="`resume`, `stop`, `recheck` or `move_storage`")] = None
    dest_dir: Annotated[str | None, Meta(description="Existing directory for `move_storage`")] = None
    completed_dir: Annotated[str | None, Meta(description="For `move_storage`: where it goes when complete")] = None
    upload_limit: Annotated[int | None, Meta(description="Bytes per second, -1 is unlimited; 0 changes nothing")] = None
    download_limit: Annotated[int | None, Meta(description="Bytes per second, -1 is unlimited; 0 changes nothing")] = (
        None
    )
    seeding_ratio: Annotated[float | None, Meta(description="Stop at this ratio")] = None
    seeding_ratio_default: Annotated[Flag | None, Meta(description="True forgets the own ratio")] = None
    seeding_time: Annotated[float | None, Meta(description="Stop after so many seconds of seeding")] = None
    seeding_time_default: Annotated[Flag | None, Meta(description="True forgets the own time")] = None
    category: Annotated[
        str | None, Meta(description="Name of a category; empty takes it away. The files stay where they are")
    ] = None
    move_to_category: Annotated[
        Flag | None, Meta(description="True moves the files to the category's directory; incomplete ones when complete")
    ] = None
    tags: Annotated[list[str] | None, Meta(description="All tags that it shall have, at most 32")] = None
    add_tags: Annotated[list[str] | None, Meta(description="Tags to give")] = None
    remove_tags: Annotated[list[str] | None, Meta(description="Tags to take away")] = None
    queue_position: Annotated[Any, Meta(description="`queue_up`, `queue_top`, `queue_down` or `queue_bottom`")] = None
    auto_managed: Annotated[Any, Meta(description="A flag: wait in the queue")] = None


class VodBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at first of a change, and alone when ``vod_mode`` is there."""

    vod_mode: Any = None
    fileindex: Any = None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A download was changed."""

    modified: bool = True
    infohash: str
    vod_mode: bool | UnsetType = UNSET
    vod_prebuffering_progress: float | UnsetType = UNSET
    vod_prebuffering_progress_consec: float | UnsetType = UNSET
    vod_header_progress: float | UnsetType = UNSET
    vod_footer_progress: float | UnsetType = UNSET
