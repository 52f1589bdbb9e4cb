"""What is asked and answered about many entries at once."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_metadata.values import EntryType

_MOST = (1 << 63) - 1
"""What is remembered has eight bytes."""

Source = Annotated[
    str, Meta(max_length=200, description="Any name of what is imported, the same when it is imported again")
]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far a source is read, in numbers of the client's choice."""

    position: Annotated[int, Meta(ge=0, le=_MOST, description="Such as bytes")] = 0
    number: Annotated[int, Meta(ge=0, le=_MOST, description="Such as lines")] = 0


class SourceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Names a source."""

    source: Source = ""


class ImportQuery(SourceQuery, frozen=True, kw_only=True):
    """Says where a batch stands in its source."""

    position: Annotated[
        int, Meta(ge=0, le=_MOST, description="How far the source is read with this batch, such as bytes")
    ] = 0
    number: Annotated[int, Meta(ge=0, le=_MOST, description="The same in another unit, such as lines")] = 0
    begin: Annotated[
        Annotated[int, Meta(ge=0, le=_MOST)] | None,
        Meta(description="Where the batch begins, when several are sent at a time: what is stored up to there counts"),
    ] = None
    more: Annotated[bool, Meta(description="Further batches follow: remember where this one ended")] = False


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line was not taken."""

    line: Annotated[int, Meta(description="Its number in the batch, from 1")]
    reason: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch."""

    added: Annotated[int, Meta(description="Entries that are new")]
    replaced: Annotated[int, Meta(description="Entries that are newer than what was there")]
    kept: Annotated[int, Meta(description="Entries that were there already, or newer")]
    refused: list[Refusal]


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Chooses what is written out."""

    metadata_type: Annotated[
        tuple[EntryType, ...],
        Meta(description="300 torrents, 400 channels, 220 folders, …; may be repeated. Without it: everything"),
    ] = ()
    hide_xxx: Annotated[bool, Meta(description="Leave out what the family filter marks")] = False
    hide_own: Annotated[bool, Meta(description="Leave out what came from this daemon's own downloads")] = False
