"""Entries as lines of JSON: the keys that clients read of them, and what is needed to have the whole entry again.

A key that has its default is left out, and may be left out. Keys of no meaning here are ignored, so that what any list
of the API answers can be read, too.
"""

import re
import time
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd_metadata.preparing import is_marked
from triblerd_metadata.records import MOST_VOTES
from triblerd_metadata.tracker_urls import normalise_trackers
from triblerd_metadata.values import UNSIGNED, ChannelPart, Entry, EntryStatus, EntryType, NewEntry, id_of_infohash
from triblerd_metadata.wire import is_authentic

_INFOHASH = re.compile("[0-9a-fA-F]{40}|")
_NO_PART = ChannelPart()
_NO_VOTES = 0.0  # one object: that is how a default is known when it is left out
_MOST = (1 << 63) - 1

Count = Annotated[int, Meta(ge=0, le=_MOST)]
Doubtful = Annotated[int, Meta(ge=-_MOST, le=_MOST)]
"""What is forgotten when it cannot be, see ``cleaning``."""
Entries = Annotated[int, Meta(ge=0, lt=1 << 32)]
Votes = Annotated[float, Meta(ge=-MOST_VOTES, le=MOST_VOTES)]


class UnusableLineError(ValueError):
    """A line is no entry; the text says why."""


class Line(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One line.

    Attributes:
        altered: It has an author, but is not as the author signed it any more. That is believed, as the rest is.
        xxx: What the user said against the family filter; ``None`` for nothing.
        metainfo: A torrent file, in base64; nothing else counts then.
    """

    type: EntryType = EntryType.TORRENT
    id: Count = 0
    origin_id: Count = 0
    public_key: str = ""
    status: EntryStatus = EntryStatus.COMMITTED
    name: str | UnsetType = UNSET
    category: str = ""
    infohash: str = ""
    size: Count = 0
    num_seeders: Doubtful = 0
    num_leechers: Doubtful = 0
    last_tracker_check: Doubtful = 0
    created: Doubtful = 0
    tag_processor_version: Annotated[int, Meta(ge=-_MOST, le=_MOST)] = 0
    timestamp: Count = 0
    trackers: tuple[str, ...] = ()
    signature: str = ""
    altered: bool = False
    xxx: bool | None = None
    own: bool = False
    self_checked: bool = False
    torrents: Entries = 0
    start_timestamp: Count = 0
    local_version: Count = 0
    votes: Votes = _NO_VOTES
    subscribed: bool = False
    share: bool = False
    json_text: str = ""
    binary_data: bytes = b""
    data_type: str = ""
    description_flag: bool = False
    thumbnail_flag: bool = False
    metainfo: bytes = b""


decode_line = msgspec.json.Decoder(Line).decode
"""Return one line as it stands; raises ``msgspec.MsgspecError``."""
_encode_lines = msgspec.json.Encoder().encode_lines


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """Return a line for each entry, with its line feed."""
    return _encode_lines([_line_of(entry) for entry in entries])


def entry_of(line: Line) -> NewEntry:
    """Return the entry of a line without metainfo.

    A torrent that lacks its author's signature is an unsigned one, unless the line says that it was altered.

    Raises:
        UnusableLineError: it has no name, or no infohash, or the signature is not its author's.
    """
    if not _INFOHASH.fullmatch(line.infohash):
        msg = "infohash: 40 hex digits are expected"
        raise UnusableLineError(msg)
    infohash = bytes.fromhex(line.infohash)
    public_key = _hex(line.public_key, "public_key") if line.public_key else UNSIGNED
    origin_id, is_torrent = line.origin_id, line.type is EntryType.TORRENT
    is_altered = line.altered and not line.signature
    if public_key and is_torrent and not (line.signature or is_altered):
        # Such as what a search answered: nothing vouches for author and folder.
        public_key, origin_id = UNSIGNED, 0
    entry = NewEntry(  # of up to 15 fields, see ``records.entry_of``
        type=line.type,
        id=line.id if public_key else id_of_infohash(infohash),
        status=line.status,
        title=line.name or "",
        category=line.category,
        infohash=infohash,
        size=line.size,
        torrent_date=line.created,
        timestamp=line.timestamp or int(time.time() * 1000),
        trackers=normalise_trackers(line.trackers) if line.trackers and not public_key else line.trackers,
        is_own=line.own,
        seeders=line.num_seeders,
        leechers=line.num_leechers,
        checked=line.last_tracker_check,
        self_checked=line.self_checked,
    )
    if public_key or line.signature or origin_id or line.tag_processor_version or not is_torrent:
        entry = msgspec.structs.replace(
            entry,
            public_key=public_key,
            origin_id=origin_id,
            signature=_hex(line.signature, "signature") if line.signature else b"",
            tag_processor_version=line.tag_processor_version,
            part=None if is_torrent else _part_of(line),
        )
    if is_torrent and (line.name is UNSET or not infohash):
        msg = "name and infohash are needed"
    elif not public_key or is_altered:
        return entry
    elif not entry.signature:
        msg = "it has an author and no signature"
    elif not is_authentic(entry):
        msg = "the signature is wrong"
    else:
        return entry
    raise UnusableLineError(msg)


def _hex(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        msg = f"{name}: hex digits are expected"
        raise UnusableLineError(msg) from None


def _part_of(line: Line) -> ChannelPart:
    return ChannelPart(
        num_entries=line.torrents,
        start_timestamp=line.start_timestamp,
        local_version=line.local_version,
        votes=line.votes,
        subscribed=line.subscribed,
        share=line.share,
        json_text=line.json_text,
        binary_data=line.binary_data,
        data_type=line.data_type,
        has_description=line.description_flag,
        has_picture=line.thumbnail_flag,
    )


def _line_of(entry: Entry) -> Line:
    part = entry.part or _NO_PART
    return Line(
        type=entry.type,
        id=entry.id,
        origin_id=entry.origin_id,
        public_key=entry.public_key.hex(),
        status=EntryStatus(entry.status),
        name=entry.title,
        category=entry.category,
        infohash=entry.infohash.hex(),
        size=entry.size,
        num_seeders=entry.seeders,
        num_leechers=entry.leechers,
        last_tracker_check=entry.checked,
        created=entry.torrent_date,
        tag_processor_version=entry.tag_processor_version,
        timestamp=entry.timestamp,
        trackers=entry.trackers,
        signature=entry.signature.hex(),
        altered=entry.public_key != UNSIGNED and not entry.signature,
        xxx=entry.is_adult if entry.is_adult != is_marked(entry) else None,
        own=entry.is_own,
        self_checked=entry.self_checked,
        torrents=part.num_entries,
        start_timestamp=part.start_timestamp,
        local_version=part.local_version,
        votes=part.votes or _NO_VOTES,
        subscribed=part.subscribed,
        share=part.share,
        json_text=part.json_text,
        binary_data=part.binary_data,
        data_type=part.data_type,
        description_flag=part.has_description,
        thumbnail_flag=part.has_picture,
    )
