"""What goes over the wire for ``/downloads/{infohash}/files``."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

MOST_ROWS = 10_000


class FilesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which files shall be listed."""

    view_start_path: Annotated[
        str | None,
        Meta(
            description="List the rows of the tree that come after this path; empty or `.` is the top. "
            "Without it all files are listed, without directories"
        ),
    ] = None
    view_size: Annotated[
        int, Meta(ge=0, description=f"Rows of the tree, by default 100; no more than {MOST_ROWS} are sent at once")
    ] = 100


class PathQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which row of the tree is meant."""

    path: Annotated[str, Meta(description="Full path of a directory or file; empty or `.` is the top")]


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or a row of the tree."""

    index: Annotated[
        int,
        Meta(description="Position in the torrent; -1 closed directory, -2 open directory, -3 not loaded: ask again"),
    ]
    name: Annotated[
        str,
        Meta(
            description="POSIX path below the torrent's top directory; in the tree the full path, whose first part is "
            "the torrent's name when that is a directory"
        ),
    ]
    size: Annotated[int, Meta(description="Bytes; of a directory, of all files below it")]
    included: Annotated[
        bool | int, Meta(description="It is to be downloaded; false for a directory, 0 for what is not loaded")
    ]
    progress: Annotated[
        float,
        Meta(
            description="0 to 1: share of its bytes that are there; in the tree, of the pieces that it touches, and 1 "
            "for a directory"
        ),
    ]


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a download, or a part of their tree."""

    infohash: Annotated[str, Meta(description="As it was sent")]
    query: Annotated[str | UnsetType, Meta(description="`view_start_path` as it was sent")] = UNSET
    files: Annotated[list[FileRow], Meta(description="Without `view_start_path`: empty while the metadata are unknown")]


class Toggled(msgspec.Struct, frozen=True, kw_only=True):
    """A directory was opened or closed, if there is one."""

    path: Annotated[str, Meta(description="As it was sent")]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Files were selected or deselected, if there are some. An empty object."""
