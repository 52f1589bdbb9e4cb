"""What clients send and read of channels."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.errors import InvalidInputError
from triblerd_metadata.api import (
    ChannelItem,
    DescriptionItem,
    FolderItem,
    ListQuery,
    PictureItem,
    Selection,
    TorrentItem,
    as_integer,
)

_OWN, _UNSIGNED = "mychannel", "00"
_HEX_DIGITS = 128


class ChannelKey(str):
    """Whose a channel is, in a path: the hex digits of a key, ``00`` for nobody's, or ``mychannel``."""

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {
        "type": "string",
        "pattern": "^([0-9a-fA-F]{128}|00|mychannel)$",
        "description": "128 hex digits; `00` for what nobody signed; `mychannel` for this node's own key",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check what stands in a path.

        Raises:
            InvalidInputError: it names no key.
        """
        is_hex = len(text) == _HEX_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in text)
        if not is_hex and text not in (_OWN, _UNSIGNED):
            msg = "Invalid public key"
            raise InvalidInputError(msg)
        return cls(text)

    def public_key(self, own: bytes) -> bytes:
        """Return the key, 64 bytes, nothing for nobody's.

        Args:
            own: The key of this node.
        """
        if self == _OWN:
            return own
        return b"" if self == _UNSIGNED else bytes.fromhex(self)


class ContentsQuery(ListQuery, frozen=True, kw_only=True):
    """Which contents of a channel are listed."""

    include_total: Annotated[
        str | None,
        Meta(description="Any text: answer also with `total`, the number of matches"),
    ] = None
    remote: Annotated[
        str | None,
        Meta(description="An integer: accepted, but nobody is asked", extra_json_schema={"type": "integer"}),
    ] = None

    def selection(self) -> Selection:
        """Return what is listed.

        Raises:
            BadParametersError: a parameter means nothing.
        """
        if self.remote is not None:
            as_integer(self.remote)
        return super().selection()


class ChannelsQuery(ContentsQuery, frozen=True, kw_only=True):
    """Which channels are listed."""

    subscribed: Annotated[
        str | None,
        Meta(
            description="0: only those that are not subscribed; any other integer: only those that are",
            extra_json_schema={"type": "integer"},
        ),
    ] = None

    def selection(self) -> Selection:
        """Return what is listed.

        Raises:
            BadParametersError: a parameter means nothing.
        """
        subscribed = None if self.subscribed is None else as_integer(self.subscribed) != 0
        return msgspec.structs.replace(super().selection(), subscribed=subscribed)


class EntryList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of channels, or of what is in one."""

    results: list[TorrentItem | ChannelItem | FolderItem | DescriptionItem | PictureItem]
    first: Annotated[int, Meta(description="Number of the first row, from 1")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]
    sort_by: Annotated[str | None, Meta(description="The column, by its internal name")]
    sort_desc: Annotated[int, Meta(description="1 or 0")]
    total: Annotated[int | UnsetType, Meta(description="With `include_total`: how many there are in all")] = UNSET


class Description(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a channel says of itself."""

    description_text: Annotated[str, Meta(description="Markdown; missing when it says nothing")] = ""


class Dirt(msgspec.Struct, frozen=True):
    """Whether something waits to be published."""

    dirty: Annotated[bool, Meta(description="Never: nothing is published here")] = False
