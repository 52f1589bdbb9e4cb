"""What ``/createtorrent`` takes and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.http.endpoint import ExactOne
from triblerd_createtorrent.api import JobState, Version

EmptyText = Annotated[str, Meta(extra_json_schema={"maxLength": 0})]
"""What some clients send for a list that they do not have."""


class CreateBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a torrent shall be made of. An empty text or list counts as absent, and so does `null`."""

    files: Annotated[
        list[str] | EmptyText | None, Meta(description="Absolute paths on the daemon's machine; required")
    ] = None
    name: Annotated[
        str | None, Meta(description="Name of the exported file, without `.torrent`; `unknown` when absent")
    ] = None
    description: Annotated[str | None, Meta(description="Comment in the torrent")] = None
    trackers: Annotated[list[str] | EmptyText | None, Meta(description="Announce URLs, each in a tier of its own")] = (
        None
    )
    export_dir: Annotated[
        str | None,
        Meta(description="Absolute directory that the torrent file is written into, if the directory exists"),
    ] = None
    walk: Annotated[
        bool | None,
        Meta(description="Take directories in `files` with all that is in them, instead of leaving them out"),
    ] = None
    version: Annotated[Version | None, Meta(description="Generation of BitTorrent; `v1` when absent")] = None
    piece_length: Annotated[
        int | None,
        Meta(description="Bytes of a piece, a power of two from 16 KiB to 128 MiB; 0 or absent chooses by the size"),
    ] = None
    private: Annotated[bool | None, Meta(description="Peers come from the trackers alone (BEP 27)")] = None
    tiers: Annotated[
        list[list[str]] | EmptyText | None, Meta(description="Announce URLs in tiers (BEP 12), instead of `trackers`")
    ] = None
    web_seeds: Annotated[list[str] | EmptyText | None, Meta(description="URLs of web seeds (BEP 19)")] = None
    creation_date: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << 53)] | None, Meta(description="Unix time; 0 leaves it out, absent is now")
    ] = None
    created_by: Annotated[str | None, Meta(description="Program that made it; this one when absent")] = None
    source: Annotated[
        str | None, Meta(description="Tag in the info dictionary, which gives the torrent another infohash")
    ] = None
    padding: Annotated[
        bool | None, Meta(description="Have each file begin with a piece (BEP 47); of use for `v1` only")
    ] = None
    anon_hops: Annotated[
        Annotated[int, Meta(ge=0, le=3)] | None,
        Meta(description="Hops of the download; absent takes the defaults of downloads"),
    ] = None


class StartQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What shall become of the torrent."""

    download: Annotated[ExactOne, Meta(description="Seed it at once, without hashing it again")] = False


class CreateQuery(StartQuery, frozen=True, kw_only=True):
    """What shall become of the torrent, and of the job without its client."""

    cancel_on_disconnect: Annotated[
        bool, Meta(description="End the job when the client closes the connection; without it the job goes on")
    ] = False


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A torrent."""

    torrent: Annotated[str, Meta(description="The torrent file in base64, on one line")]


class JobItem(msgspec.Struct, frozen=True, kw_only=True):
    """The making of one torrent."""

    id: str
    state: JobState
    name: Annotated[str, Meta(description="Name in the torrent: of its file or its directory")]
    version: Version
    files: Annotated[int, Meta(description="How many files it has")]
    size: Annotated[int, Meta(description="Bytes of all files, when the job was started")]
    hashed: Annotated[int, Meta(description="Bytes hashed so far")]
    created: Annotated[float, Meta(description="When it was started, Unix time")]
    ended: Annotated[float | None, Meta(description="When it ended, Unix time")]
    infohash: Annotated[str, Meta(description="40 hex digits; empty until it is known")]
    exported_to: Annotated[str, Meta(description="Path of the torrent file that was written; empty for none")]
    reason: Annotated[str, Meta(description="Why it failed; empty when it did not")]


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs that there are, and those that ended not long ago."""

    jobs: Annotated[list[JobItem], Meta(description="Oldest first")]


class JobRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """A job was forgotten, and before that ended if it was not over."""

    removed: bool = True
    id: str
