"""What the metadata store keeps, as values."""

import struct
from collections.abc import Callable
from enum import IntEnum

import msgspec

SIGNATURE_SIZE = 64
UNSIGNED = b""
"""The public key of a record that nobody signed."""

signed_start: Callable[[bytes], tuple[int]] = struct.Struct(">q").unpack_from
"""Returns the first 8 bytes as a number."""


class EntryType(IntEnum):
    """What an entry is, with the numbers that clients and peers know."""

    FOLDER = 220
    DESCRIPTION = 231
    PICTURE = 241
    TORRENT = 300
    CHANNEL = 400


class EntryStatus(IntEnum):
    """Where an entry is between its author and the world."""

    NEW = 0
    TO_DELETE = 1
    COMMITTED = 2
    """Published, or somebody else's."""
    UPDATED = 6
    """Changed since it was published."""
    LEGACY = 1000


class Health(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many peers a torrent has.

    Attributes:
        infohash: 20 bytes.
        checked: Unix time of the check, 0 for never.
        self_checked: This daemon checked, nobody told it.
        tracker: The announce URL that said so; empty for others.
    """

    infohash: bytes
    seeders: int = 0
    leechers: int = 0
    checked: int = 0
    self_checked: bool = False
    tracker: str = ""


class ChannelPart(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What channels and folders, descriptions and pictures have beside the rest."""

    num_entries: int = 0
    start_timestamp: int = 0
    local_version: int = 0
    votes: float = 0.0
    subscribed: bool = False
    share: bool = False
    json_text: str = ""
    binary_data: bytes = b""
    data_type: str = ""
    has_description: bool = False
    has_picture: bool = False


class NewEntry(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """An entry on its way into the store.

    Attributes:
        public_key: 64 bytes, or ``UNSIGNED``.
        id: 63 bits, unique with the public key. Of an unsigned torrent it is made of the infohash, see
            ``id_of_infohash``.
        origin_id: ``id`` of the folder or channel that it is in, 0 for none.
        title: At most 300 characters, without control characters.
        category: At most 200 characters: ``Video``, … for a torrent. Peers call it ``tags``.
        infohash: 20 bytes, of torrents and channels; of a v2 torrent the first 20.
        size: Bytes of all files, below 2^63.
        torrent_date: Unix time at which the torrent was made, 0 for unknown.
        timestamp: Unix time of the record in milliseconds.
        trackers: Announce URLs, normalised.
        signature: 64 bytes over the record as peers write it; empty when unsigned, and for what was signed and is
            not any more as its author wrote it: it cannot be passed on.
        is_own: It came from what this daemon's user did; not for others unless the user agrees.
        seeders: With ``leechers``, ``checked`` and ``self_checked`` its health.
        tag_processor_version: Version of the automatic tagging that was applied.
        part: Of entries that are no torrents.
    """

    type: EntryType = EntryType.TORRENT
    public_key: bytes = UNSIGNED
    id: int = 0
    origin_id: int = 0
    status: int = EntryStatus.COMMITTED
    title: str
    category: str = ""
    infohash: bytes = b""
    size: int = 0
    torrent_date: int = 0
    timestamp: int = 0
    trackers: tuple[str, ...] = ()
    signature: bytes = b""
    is_own: bool = False
    seeders: int = 0
    leechers: int = 0
    checked: int = 0
    self_checked: bool = False
    tag_processor_version: int = 0
    part: ChannelPart | None = None


class Entry(NewEntry, frozen=True, kw_only=True, gc=False):
    """An entry of the store.

    Attributes:
        rowid: Its row: 1 for the first one, greater for each newer one, never used twice.
        is_adult: The family filter marked it.
    """

    rowid: int
    is_adult: bool = False


class Change(msgspec.Struct, frozen=True, gc=False):
    """What happened to one row.

    Attributes:
        before: ``None`` for a new row.
        after: ``None`` for one that was deleted.
    """

    rowid: int
    before: Entry | None
    after: Entry | None


def id_of_infohash(infohash: bytes) -> int:
    """Return the id of the unsigned record of a torrent: of the first 8 bytes, read as signed, the absolute value."""
    return abs(signed_start(infohash)[0]) if infohash else 0
