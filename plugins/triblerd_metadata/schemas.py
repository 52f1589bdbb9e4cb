"""What clients read of entries: the JSON form of each kind, with a page of them."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

InfohashText = Annotated[str, Meta(description="40 lower-case hex digits")]
Timestamp = Annotated[int, Meta(description="Unix time, 0 for never or unknown")]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says about a torrent."""

    subject_type: Annotated[int, Meta(description="102: the subject is a torrent")]
    subject: InfohashText
    predicate: Annotated[int, Meta(description="101: the object is a tag")]
    object: str


class _Item(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    id: Annotated[int, Meta(description="63 bits; unique together with `public_key`")]
    origin_id: Annotated[int, Meta(description="`id` of the folder or channel that it is in, 0 for none")]
    public_key: Annotated[str, Meta(description="128 hex digits; empty when nobody signed it")]
    status: Annotated[
        int,
        Meta(
            description="0: not published, 1: to be deleted, 2: published or foreign, 6: changed since, 1000: of an "
            "old version"
        ),
    ]


class _NamedItem(_Item, frozen=True, kw_only=True):
    name: str
    category: Annotated[str, Meta(description="`Video`, `Audio`, …, or any text")]


class TorrentItem(_NamedItem, frozen=True, kw_only=True, tag=300):
    """A torrent."""

    infohash: InfohashText
    size: Annotated[int, Meta(description="Bytes of all files")]
    num_seeders: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    num_leechers: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    last_tracker_check: Timestamp
    created: Annotated[int, Meta(description="When the torrent was made: Unix time, 0 for unknown")]
    tag_processor_version: Annotated[int, Meta(description="Version of the automatic tagging that was applied")]
    progress: Annotated[float | UnsetType, Meta(description="0 to 1; in some lists, if there is a download of it")] = (
        UNSET
    )
    statements: Annotated[list[Statement] | UnsetType, Meta(description="Tags among others; in lists")] = UNSET


class FolderItem(_NamedItem, frozen=True, kw_only=True, tag=220):
    """A folder inside of a channel."""

    torrents: Annotated[int, Meta(description="How many are inside")]
    state: Annotated[str, Meta(description="`Personal`, `Complete` or `Preview`")]
    description_flag: Annotated[bool, Meta(description="It has a description")]
    thumbnail_flag: Annotated[bool, Meta(description="It has a picture")]


class ChannelItem(_NamedItem, frozen=True, kw_only=True, tag=400):
    """A channel."""

    torrents: Annotated[int, Meta(description="How many are inside")]
    state: Annotated[
        str, Meta(description="`Personal`, `Legacy`, `Complete`, `Updating`, `Searching for metainfo` or `Preview`")
    ]
    description_flag: Annotated[bool, Meta(description="It has a description")]
    thumbnail_flag: Annotated[bool, Meta(description="It has a picture")]
    infohash: Annotated[str, Meta(description="Of the torrent that carries its contents")]
    size: Annotated[int, Meta(description="Bytes")]
    num_seeders: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    num_leechers: Annotated[int, Meta(description="Last known; 0 when it was never checked")]
    last_tracker_check: Timestamp
    created: Timestamp
    tag_processor_version: Annotated[int, Meta(description="Version of the automatic tagging that was applied")]
    subscribed: bool
    votes: Annotated[float, Meta(description="Popularity among peers, 0 to 1")]
    dirty: Annotated[bool, Meta(description="It is ours, and changed since it was published")]


class DescriptionItem(_Item, frozen=True, kw_only=True, tag=231):
    """The description of a channel or folder."""

    json_text: Annotated[str, Meta(description='JSON text: `{"description_text": "…"}`')]


class PictureItem(_Item, frozen=True, kw_only=True, tag=241):
    """The picture of a channel or folder."""


EntryItem = TorrentItem | ChannelItem | FolderItem | DescriptionItem | PictureItem
"""The JSON form of an entry of any type."""


class PopularList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of popular torrents."""

    results: list[EntryItem]
    first: Annotated[int, Meta(description="Number of the first row, from 1")]
    last: Annotated[int, Meta(description="Number of the last row that was asked for")]
