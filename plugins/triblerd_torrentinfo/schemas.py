"""What is asked and answered under ``/torrentinfo``."""

from typing import Annotated

import msgspec
from msgspec import Meta


class InfoQuery(msgspec.Struct):
    """What shall be looked up."""

    uri: Annotated[
        str, Meta(description="`magnet:`, `http:`, `https:` or `file:` URI, or of a kind that some plugin reads")
    ] = ""
    hops: Annotated[
        str,
        Meta(description="Anonymity, 0..3: 0 is plain. Empty is `download_defaults.number_hops`, if that can be had"),
    ] = ""


class TorrentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One torrent."""

    infohash: Annotated[str, Meta(description="40 hex digits: the v1 hash, or the beginning of the v2 hash")]
    metainfo: Annotated[
        str,
        Meta(
            description="Hex digits of the UTF-8 text of a JSON object: the torrent file with text for byte strings, "
            "`info.pieces` in hex digits, and without `piece layers`"
        ),
    ]
    download_exists: Annotated[bool | None, Meta(description="True when it is a download, else null")]
    hops: Annotated[
        int,
        Meta(
            description="Number of hops between us and whoever is asked, 0 is plain; what is known is asked of nobody"
        ),
    ]
