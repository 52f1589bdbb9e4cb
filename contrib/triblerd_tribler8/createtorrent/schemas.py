"""What ``/api/createtorrent`` is asked and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_createtorrent.api import Version

Texts = list[str] | Annotated[str, Meta(extra_json_schema={"maxLength": 0})] | None
"""A list, or what some clients send for one that they do not have."""


class CreateBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a torrent shall be made of. An empty text or list counts as absent, and so does `null`."""

    files: Annotated[Texts, Meta(description="Absolute paths of files and directories, which are taken as a whole")] = (
        None
    )
    filenames: Annotated[
        Texts,
        Meta(
            description="Path in the torrent of each of `files`, an empty text for its own name; of a directory, "
            "where its contents are"
        ),
    ] = None
    name: Annotated[
        str | None,
        Meta(description="Of a torrent of several files; by default the directory's that has them all, or `unknown`"),
    ] = None
    description: Annotated[str | None, Meta(description="Comment in the torrent")] = None
    trackers: Annotated[Texts, Meta(description="Announce URLs, each in a tier of its own")] = None
    export_dir: Annotated[
        str | None, Meta(description="Absolute directory that it is seeded from; by default where downloads are saved")
    ] = None
    initial_nodes: Annotated[
        Texts, Meta(description="Nodes of the DHT as `host port`; other texts are passed over")
    ] = None
    torrent_version: Annotated[Version | None, Meta(description="Generation of BitTorrent; `v1` when absent")] = None


class Created(msgspec.Struct, frozen=True):
    """A torrent."""

    torrent: Annotated[str, Meta(description="The torrent file in base64, on one line")]


class TrialBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where a torrent would be seeded from."""

    name: Annotated[str | None, Meta(description="Of the torrent; required")] = None
    export_dir: Annotated[str | None, Meta(description="Absolute directory; by default where downloads are saved")] = (
        None
    )


class Trial(msgspec.Struct, frozen=True):
    """Whether it could."""

    success: Annotated[bool, Meta(description="The name is free there, and something can be written there")]
