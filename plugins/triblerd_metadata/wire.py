"""Records as peers write them: a head (kind, flags, author), the fields of the kind, a signature over all before it.

Integers are big endian. A record does not say how long it is, so that one of an unknown kind hides all that follow it.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_identity.api import PUBLIC_KEY_SIZE, NodeKey, verify
from triblerd_metadata.values import (
    SIGNATURE_SIZE,
    ChannelPart,
    EntryType,
    NewEntry,
)

E = TypeVar("E", bound=NewEntry)

LARGEST_RECORD = 1200
"""Bytes. In version 8.4 a longer one, anywhere but first in an answer, keeps the sender busy for ever."""
MOST_RECORDS = 255
LARGEST_BLOCK = 1 << 20
"""Bytes of records, one after the other."""
INFOHASH_SIZE = 20
DELETION = 500
"""The number of a record that names another one, by its signature, to be deleted."""

_HEAD = struct.Struct(f">HH{PUBLIC_KEY_SIZE}s")
_PLACE = struct.Struct(">QQQ")
_TORRENT = struct.Struct(f">{INFOHASH_SIZE}sQI")
_LENGTH = struct.Struct(">I")
_COUNT = struct.Struct(">Q")
_TWO_COUNTS = struct.Struct(">QQ")
_ZERO_KEY = bytes(PUBLIC_KEY_SIZE)
_ZERO_SIGNATURE = bytes(SIGNATURE_SIZE)


class RecordFormatError(InvalidInputError):
    """Bytes are no records, so that nothing of them can be used."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as it was written, with nothing checked but its form.

    Attributes:
        kind: 300, 400, 220, 231, 241 or 500.
        flags: Reserved; 0 in all that are known.
        public_key: 64 bytes, all zero when unsigned.
        entry: Its fields. ``None`` for a deletion.
        signed: What the signature is made over.
        signature: 64 bytes, all zero when unsigned.
    """

    kind: int
    flags: int
    public_key: bytes
    entry: NewEntry | None
    signed: bytes
    signature: bytes

    @property
    def claims_no_author(self) -> bool:
        """Key and signature are all zero."""
        return self.public_key == _ZERO_KEY and self.signature == _ZERO_SIGNATURE


def parse_records(data: bytes) -> list[Record]:
    """Return the records that stand in ``data`` one after the other.

    Raises:
        RecordFormatError: a record ends too early, is of an unknown kind or holds text that is not UTF-8; or there are
            more than 255, or more than a MiB.
    """
    if len(data) > LARGEST_BLOCK:
        msg = f"records have {len(data)} bytes, more than {LARGEST_BLOCK}"
        raise RecordFormatError(msg)
    records: list[Record] = []
    reader = _Reader(data)
    while not reader.is_at_end:
        if len(records) == MOST_RECORDS:
            msg = f"there are more than {MOST_RECORDS} records"
            raise RecordFormatError(msg)
        records.append(_parse(reader))
    return records


def unsigned_part(entry: NewEntry) -> bytes:
    """Return what the signature of an entry is made over.

    The record names one tracker, the first; none when it is unsigned and tells what this daemon's user did.
    """
    head = _HEAD.pack(entry.type, 0, entry.public_key or _ZERO_KEY)
    place = _PLACE.pack(entry.id, entry.origin_id, entry.timestamp)
    return head + place + _fields(entry)


def pack_record(entry: NewEntry) -> bytes | None:
    """Return the record of an entry for other peers, ``None`` for one that must not be passed on.

    That is one of more than 1200 bytes, and a signed one that is not as its author signed it any more.
    """
    if entry.public_key and not entry.signature:
        return None
    data = unsigned_part(entry) + (entry.signature or _ZERO_SIGNATURE)
    return data if len(data) <= LARGEST_RECORD else None


def is_authentic(entry: NewEntry) -> bool:
    """Return whether the signature of an entry is that of its author. Takes 0.15 ms: many belong in a thread."""
    try:
        signed = unsigned_part(entry)
    except struct.error:  # a number that no record can hold
        return False
    return verify(entry.public_key, entry.signature, signed)


def sign_entry(entry: E, key: NodeKey) -> E:
    """Return the entry as one of the owner of ``key``."""
    mine = msgspec.structs.replace(entry, public_key=key.public_key)
    return msgspec.structs.replace(mine, signature=key.sign(unsigned_part(mine)))


def _parse(reader: "_Reader") -> Record:
    start = reader.position
    kind, flags, public_key = reader.fields(_HEAD)
    if kind == DELETION:
        reader.take(SIGNATURE_SIZE)
        entry = None
    elif kind in _READERS:
        entry = _READERS[kind](reader)
    else:
        msg = f"{kind} is no kind of record"
        raise RecordFormatError(msg)
    signed = reader.since(start)
    signature = reader.take(SIGNATURE_SIZE)
    return Record(kind=kind, flags=flags, public_key=public_key, entry=entry, signed=signed, signature=signature)


class _Reader:
    """Takes values off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        return self.position == len(self._data)

    def since(self, start: int) -> bytes:
        return self._data[start : self.position]

    def take(self, size: int) -> bytes:
        start, self.position = self.position, self.position + size
        if self.position > len(self._data):
            msg = "a record ends too early"
            raise RecordFormatError(msg)
        return self._data[start : self.position]

    def fields(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack(self.take(form.size))

    def sized(self) -> bytes:
        return self.take(int.from_bytes(self.take(_LENGTH.size)))

    def text(self) -> str:
        try:
            return self.sized().decode()
        except UnicodeDecodeError as error:
            msg = "a record holds text that is not UTF-8"
            raise RecordFormatError(msg) from error


def _read_torrent(reader: _Reader, kind: EntryType = EntryType.TORRENT) -> NewEntry:
    id_, origin_id, timestamp = reader.fields(_PLACE)
    infohash, size, torrent_date = reader.fields(_TORRENT)
    title, category, tracker = reader.text(), reader.text(), reader.text()
    return NewEntry(
        type=kind,
        id=id_,
        origin_id=origin_id,
        timestamp=timestamp,
        infohash=infohash,
        size=size,
        torrent_date=torrent_date,
        title=title,
        category=category,
        trackers=(tracker,) if tracker else (),
    )


def _read_channel(reader: _Reader) -> NewEntry:
    channel = _read_torrent(reader, EntryType.CHANNEL)
    num_entries, start_timestamp = reader.fields(_TWO_COUNTS)
    part = ChannelPart(num_entries=num_entries, start_timestamp=start_timestamp)
    return msgspec.structs.replace(channel, part=part)


def _read_folder(reader: _Reader) -> NewEntry:
    id_, origin_id, timestamp = reader.fields(_PLACE)
    title, category = reader.text(), reader.text()
    (num_entries,) = reader.fields(_COUNT)
    part = ChannelPart(num_entries=num_entries)
    return NewEntry(
        type=EntryType.FOLDER,
        id=id_,
        origin_id=origin_id,
        timestamp=timestamp,
        title=title,
        category=category,
        part=part,
    )


def _read_description(reader: _Reader) -> NewEntry:
    id_, origin_id, timestamp = reader.fields(_PLACE)
    part = ChannelPart(json_text=reader.text())
    return NewEntry(type=EntryType.DESCRIPTION, id=id_, origin_id=origin_id, timestamp=timestamp, title="", part=part)


def _read_picture(reader: _Reader) -> NewEntry:
    id_, origin_id, timestamp = reader.fields(_PLACE)
    part = ChannelPart(binary_data=reader.sized(), data_type=reader.text())
    return NewEntry(type=EntryType.PICTURE, id=id_, origin_id=origin_id, timestamp=timestamp, title="", part=part)


_READERS: Mapping[int, Callable[[_Reader], NewEntry]] = {
    EntryType.TORRENT: _read_torrent,
    EntryType.CHANNEL: _read_channel,
    EntryType.FOLDER: _read_folder,
    EntryType.DESCRIPTION: _read_description,
    EntryType.PICTURE: _read_picture,
}


def _sized(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _LENGTH.pack(len(data)) + data


def _fields(entry: NewEntry) -> bytes:
    part = entry.part or ChannelPart()
    match entry.type:
        case EntryType.TORRENT:
            return _torrent_fields(entry)
        case EntryType.CHANNEL:
            return _torrent_fields(entry) + _TWO_COUNTS.pack(part.num_entries, part.start_timestamp)
        case EntryType.FOLDER:
            return _sized(entry.title) + _sized(entry.category) + _COUNT.pack(part.num_entries)
        case EntryType.DESCRIPTION:
            return _sized(part.json_text)
        case EntryType.PICTURE:
            return _sized(part.binary_data) + _sized(part.data_type)


def _torrent_fields(entry: NewEntry) -> bytes:
    is_hidden = entry.is_own and not entry.public_key
    tracker = entry.trackers[0] if entry.trackers and not is_hidden else ""
    texts = _sized(entry.title) + _sized(entry.category) + _sized(tracker)
    return _TORRENT.pack(entry.infohash, entry.size, entry.torrent_date) + texts
