"""What ``/api/downloads`` takes and answers."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.http.endpoint import ExactOne
from triblerd_downloads.api import PeerItem

Flag = bool | Literal[0, 1]


class ListedTracker(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker, or one of the pseudo trackers ``[DHT]`` and ``[PeX]``."""

    url: str
    peers: Annotated[int, Meta(description="Peers in its last reply; -1 before the first contact")]
    seeds: Annotated[int, Meta(description="Seeds that it knows of; -1 unknown")]
    leeches: Annotated[int, Meta(description="Leechers that it knows of; -1 unknown")]
    status: str


class ListedDownload(msgspec.Struct, frozen=True, kw_only=True):
    """A download."""

    name: Annotated[str, Meta(description="`Unknown name` for a magnet link without one")]
    progress: Annotated[float, Meta(description="0 to 1, of checking or downloading")]
    infohash: Annotated[str, Meta(description="40 lower-case hex digits")]
    speed_down: Annotated[int, Meta(description="Payload, bytes per second")]
    speed_up: Annotated[int, Meta(description="Payload, bytes per second")]
    status: Annotated[str, Meta(description="Name of the state")]
    status_code: Annotated[int, Meta(description="Number of the state, 0 to 11")]
    size: Annotated[int, Meta(description="Bytes of all files; 0 while the metadata are unknown")]
    eta: Annotated[float, Meta(description="Seconds; very large when nothing comes in")]
    num_peers: Annotated[int, Meta(description="Leechers: known, or as the tracker says that knows the most")]
    num_seeds: Annotated[int, Meta(description="Seeds, likewise")]
    num_connected_peers: Annotated[int, Meta(description="Connected leechers")]
    num_connected_seeds: Annotated[int, Meta(description="Connected seeds")]
    all_time_upload: Annotated[int, Meta(description="Bytes")]
    all_time_download: Annotated[int, Meta(description="Bytes")]
    all_time_ratio: Annotated[
        float, Meta(description="All that was ever uploaded by what is there; -1 when nothing is, but was")
    ]
    last_download: Annotated[int, Meta(description="Unix time, 0 never")]
    last_upload: Annotated[int, Meta(description="Unix time, 0 never")]
    trackers: list[ListedTracker]
    hops: Annotated[int, Meta(description="0 is a plain download")]
    anon_download: bool
    safe_seeding: bool
    upload_limit: Annotated[int, Meta(description="Bytes per second, -1 unlimited")]
    download_limit: Annotated[int, Meta(description="Bytes per second, -1 unlimited")]
    seeding_ratio: Annotated[float, Meta(description="The limit that holds for it")]
    destination: Annotated[str, Meta(description="Absolute directory")]
    completed_dir: Annotated[str, Meta(description="Where it goes when complete; empty when it stays")]
    total_pieces: Annotated[int, Meta(description="0 while the metadata are unknown")]
    error: Annotated[str, Meta(description="Empty, or the text of the error in quotes")]
    time_added: Annotated[int, Meta(description="Unix time")]
    time_finished: Annotated[int, Meta(description="Unix time, 0 not yet")]
    queue_position: Annotated[int, Meta(description="From 0; -1 when it is not queued")]
    auto_managed: Annotated[bool, Meta(description="It waits in the queue")]
    user_stopped: bool
    streamable: Annotated[bool, Meta(description="Some file is a film")]
    sonarr_ratio: Annotated[float | UnsetType, Meta(description="`all_time_ratio` as Sonarr calls it")] = msgspec.field(
        default=UNSET, name="allTimeRatio"
    )
    sonarr_added: Annotated[int | UnsetType, Meta(description="`time_added` as Sonarr calls it")] = msgspec.field(
        default=UNSET, name="timeAdded"
    )
    peers: Annotated[list[PeerItem] | UnsetType, Meta(description="On request")] = UNSET
    pieces: Annotated[
        str | UnsetType, Meta(description="On request: base64 of a bitmap, first piece = most significant bit")
    ] = UNSET
    availability: Annotated[
        float | UnsetType, Meta(description="On request: copies of the torrent among the connected peers")
    ] = UNSET


class Checkpoints(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at the start."""

    total: Annotated[int, Meta(description="Stored downloads found at the start")]
    loaded: Annotated[int, Meta(description="How many of them are loaded")]
    all_loaded: Annotated[bool, Meta(description="Loading has ended")]


class DownloadList(msgspec.Struct, frozen=True, kw_only=True):
    """All downloads."""

    downloads: list[ListedDownload]
    checkpoints: Checkpoints


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shall have."""

    get_peers: Annotated[ExactOne, Meta(description="1 adds `peers`")] = False
    get_pieces: Annotated[ExactOne, Meta(description="1 adds `pieces`")] = False
    get_availability: Annotated[ExactOne, Meta(description="1 adds `availability`")] = False
    infohash: Annotated[str, Meta(description="Add these to this item only; all items are listed")] = ""
    excluded: Annotated[str, Meta(description="The infohash of an item to leave out")] = ""


class AddQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Options of an uploaded torrent file. Flags are true for every text but `false`, `0`, `no` and `off`."""

    anon_hops: Annotated[str | None, Meta(description="0 to 3; negative takes the default")] = None
    safe_seeding: Annotated[str | None, Meta(description="A flag: seed anonymously")] = None
    destination: Annotated[str | None, Meta(description="Absolute directory; made when it is missing")] = None
    completed_dir: Annotated[str | None, Meta(description="Where it goes when complete; empty when it stays")] = None
    auto_managed: Annotated[str | None, Meta(description="A flag: wait in the queue")] = None
    only_metadata: Annotated[str | None, Meta(description="A flag: do not fetch anything")] = None


class AddBody(msgspec.Struct, frozen=True, kw_only=True):
    """A download to add. What is left out, or null, is as ``[download_defaults]`` says."""

    uri: Annotated[str | None, Meta(description="A `magnet:`, `http:`, `https:` or `file:` URI")] = None
    anon_hops: Annotated[int | None, Meta(description="0 to 3, which needs `safe_seeding`; negative: the default")] = (
        None
    )
    safe_seeding: Annotated[Flag | None, Meta(description="Seed anonymously")] = None
    destination: Annotated[str | None, Meta(description="Absolute directory; made when it is missing")] = None
    completed_dir: Annotated[str | None, Meta(description="Where it goes when complete; empty when it stays")] = None
    selected_files: Annotated[list[int] | None, Meta(description="Indices of files; an empty list is none of them")] = (
        None
    )
    auto_managed: Annotated[Flag | None, Meta(description="Wait in the queue")] = None
    only_metadata: Annotated[Flag | None, Meta(description="Stop once the metadata are known")] = None
    cli: Annotated[Flag | None, Meta(description="Handed over by a command line or a browser: it may be asked for")] = (
        None
    )


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A download was added, or was there already."""

    started: Annotated[bool, Meta(description="False when the user is asked first")] = True
    infohash: Annotated[str, Meta(description="Empty when the user is asked first")]


class RemoveBody(msgspec.Struct, frozen=True, kw_only=True):
    """How a download is to be removed."""

    remove_data: Annotated[Flag, Meta(description="Delete its files, too")]


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A download was removed."""

    removed: bool = True
    infohash: str


class ChangeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What shall change of a download. ``anon_hops`` comes alone; the others are applied in this order."""

    anon_hops: Annotated[int | None, Meta(description="0 to 3")] = None
    selected_files: Annotated[list[int] | None, Meta(description="Indices of files; an empty list is none of them")] = (
        None
    )
    upload_limit: Annotated[int | None, Meta(description="Bytes per second, -1 is unlimited; 0 changes nothing")] = None
    download_limit: Annotated[int | None, Meta(description="Bytes per second, -1 is unlimited; 0 changes nothing")] = (
        None
    )
    seeding_ratio: Annotated[float | None, Meta(description="Stop at this ratio")] = None
    seeding_ratio_default: Annotated[Flag | None, Meta(description="True forgets the own ratio")] = None
    queue_position: Annotated[Any, Meta(description="`queue_up`, `queue_top`, `queue_down` or `queue_bottom`")] = None
    auto_managed: Annotated[Any, Meta(description="A flag: wait in the queue")] = None
    state: Annotated[str | None, Meta(description="`resume`, `stop`, `recheck` or `move_storage`")] = None
    dest_dir: Annotated[str | None, Meta(description="Existing directory for `move_storage`")] = None
    completed_dir: Annotated[
        str | None, Meta(description="For `move_storage`: existing directory for when it is complete")
    ] = None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A download was changed."""

    modified: bool = True
    infohash: str


class UrlBody(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker."""

    url: Annotated[str | None, Meta(description="Its announce URL; required")] = None


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """The tracker is there."""

    added: bool = True


class RemovedOne(msgspec.Struct, frozen=True, kw_only=True):
    """The tracker is not there; perhaps it never was."""

    removed: bool = True


class Forced(msgspec.Struct, frozen=True, kw_only=True):
    """The announce was asked for."""

    forced: bool = True


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a torrent."""

    index: Annotated[int, Meta(description="Position in the torrent")]
    name: Annotated[str, Meta(description="POSIX path below the torrent's top directory")]
    size: Annotated[int, Meta(description="Bytes")]
    included: Annotated[bool, Meta(description="It is to be downloaded")]
    progress: Annotated[float, Meta(description="0 to 1")]


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a download."""

    infohash: Annotated[str, Meta(description="As it was sent")]
    files: Annotated[list[File], Meta(description="Empty while the metadata are unknown")]
