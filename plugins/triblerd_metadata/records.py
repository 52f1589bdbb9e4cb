"""How an entry is written: a record, read one by one, and numbers of fixed size, read all at once into columns."""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from triblerd_metadata.values import UNSIGNED, ChannelPart, Entry, EntryType, Health, signed_start

ADULT = 1
OWN = 2
SELF_CHECKED = 4
SIGNED = 8
SUBSCRIBED = 16

VERSION = 1
"""Of everything that is stored here; values begin with it."""
MOST_VOTES = float(np.finfo(np.float32).max)
"""What fits into the column."""
MOST_TOKENS = 255
"""What a title has more of is counted as this."""

_FIXED = struct.Struct("<HHIIIQIBBI")
FIXED_TYPE = np.dtype(
    [
        ("type", "<u2"),
        ("status", "<u2"),
        ("seeders", "<u4"),
        ("leechers", "<u4"),
        ("checked", "<u4"),
        ("size", "<u8"),
        ("torrent_date", "<u4"),
        ("flags", "u1"),
        ("tokens", "u1"),
        ("category", "<u4"),
    ]
)
"""What ``Fixed.pack`` writes, as numpy reads it."""

_PLACED = struct.Struct("<QIf")
PLACED_TYPE = np.dtype([("origin_id", "<u8"), ("num_entries", "<u4"), ("votes", "<f4")])
"""What ``Placed.pack`` writes, as numpy reads it."""


class Fixed(NamedTuple):
    """The numbers of an entry that lists sort and filter by.

    Attributes:
        tokens: Number of words of the title, at most ``MOST_TOKENS``.
        category: The category's number, see ``Categories``.
    """

    type: int
    status: int
    seeders: int
    leechers: int
    checked: int
    size: int
    torrent_date: int
    flags: int
    tokens: int
    category: int

    def pack(self) -> bytes:
        """Return the 34 bytes that are stored."""
        return _FIXED.pack(*self)


class Placed(NamedTuple):
    """The numbers that nearly all entries do not have: of channels, folders, and what is in them."""

    origin_id: int = 0
    num_entries: int = 0
    votes: float = 0.0

    def pack(self) -> bytes:
        """Return the 16 bytes that are stored."""
        return _PLACED.pack(*self)


NOWHERE = Placed()

_TYPES = {type_.value: type_ for type_ in EntryType}


class TorrentRecord(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=0):
    """The rest of an unsigned torrent; its ``id`` is made of the infohash."""

    infohash: bytes
    title: str
    timestamp: int
    trackers: tuple[str, ...]
    tag_processor_version: int


class SignedRecord(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """The rest of any other entry."""

    public_key: bytes
    id: int
    infohash: bytes
    title: str
    timestamp: int
    trackers: tuple[str, ...]
    tag_processor_version: int
    signature: bytes
    part: ChannelPart | None


Record = TorrentRecord | SignedRecord


def record_of(entry: Entry) -> Record:
    """Return what is stored of an entry beside its numbers."""
    if entry.public_key == UNSIGNED:
        return TorrentRecord(entry.infohash, entry.title, entry.timestamp, entry.trackers, entry.tag_processor_version)
    return SignedRecord(
        entry.public_key,
        entry.id,
        entry.infohash,
        entry.title,
        entry.timestamp,
        entry.trackers,
        entry.tag_processor_version,
        entry.signature,
        entry.part,
    )


def pack_fixed(entry: Entry, *, tokens: int, category: int) -> bytes:
    """Return the numbers of an entry as they are stored.

    Args:
        entry: The entry.
        tokens: Number of words of its title.
        category: Number of its category.
    """
    flags = ADULT if entry.is_adult else 0
    if entry.is_own:
        flags |= OWN
    if entry.self_checked:
        flags |= SELF_CHECKED
    if entry.public_key != UNSIGNED:
        flags |= SIGNED
    if entry.part is not None and entry.part.subscribed:
        flags |= SUBSCRIBED
    return _FIXED.pack(
        entry.type,
        entry.status,
        entry.seeders,
        entry.leechers,
        entry.checked,
        entry.size,
        entry.torrent_date,
        flags,
        min(tokens, MOST_TOKENS),
        category,
    )


def with_health(fixed: Fixed, health: Health) -> Fixed:
    """Return the numbers with another health."""
    flags = fixed.flags & ~SELF_CHECKED | health.self_checked * SELF_CHECKED
    return fixed._replace(seeders=health.seeders, leechers=health.leechers, checked=health.checked, flags=flags)


def placed_of(entry: Entry) -> Placed:
    """Return where an entry is, and what is in it."""
    if entry.part is not None:
        return Placed(entry.origin_id, entry.part.num_entries, entry.part.votes)
    return Placed(entry.origin_id) if entry.origin_id else NOWHERE


def entries_of(
    rowids: Iterable[int], records: Iterable[Record | None], numbers: Sequence[Sequence[int]], categories: Sequence[str]
) -> list[Entry]:
    """Put entries together again, but for rows without a record.

    Args:
        rowids: Their rows.
        records: Their records.
        numbers: As ``Columns.of_rows`` returns them.
        categories: The texts of the categories by number.
    """
    entries = []
    for rowid, record, type_, status, seeders, leechers, checked, size, torrent_date, flags, number, origin_id in zip(
        rowids, records, *numbers, strict=True
    ):
        if record is None:
            continue
        infohash = record.infohash
        made_id = abs(signed_start(infohash)[0]) if infohash else 0  # id_of_infohash, without a call
        entry = Entry(  # of up to 15 fields, which CPython passes on the stack: with more it takes six times as long
            type=_TYPES[type_],
            id=made_id if isinstance(record, TorrentRecord) else record.id,
            status=status,
            title=record.title,
            category=categories[number],
            infohash=infohash,
            size=size,
            torrent_date=torrent_date,
            timestamp=record.timestamp,
            trackers=record.trackers,
            seeders=seeders,
            leechers=leechers,
            checked=checked,
            rowid=rowid,
            is_adult=flags & ADULT != 0,
        )
        if flags > ADULT or origin_id or record.tag_processor_version:  # of few
            entry = _with_rest(entry, record, flags, origin_id)
        entries.append(entry)
    return entries


def _with_rest(entry: Entry, record: Record, flags: int, origin_id: int) -> Entry:
    entry = msgspec.structs.replace(
        entry,
        origin_id=origin_id,
        is_own=bool(flags & OWN),
        self_checked=bool(flags & SELF_CHECKED),
        tag_processor_version=record.tag_processor_version,
    )
    if isinstance(record, TorrentRecord):
        return entry
    return msgspec.structs.replace(entry, public_key=record.public_key, signature=record.signature, part=record.part)


row_key: Callable[[int], bytes] = struct.Struct(">I").pack
"""Returns the key of a row, 4 bytes."""


def rows_of_keys(keys: Sequence[bytes]) -> Sequence[int]:
    """Return the rows of keys."""
    return struct.unpack(f">{len(keys)}I", b"".join(keys))
