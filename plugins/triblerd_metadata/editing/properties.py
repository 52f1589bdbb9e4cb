"""The properties of entries that clients may set, by the names that they have for peers."""

from base64 import b64decode
from binascii import Error as NotBase64Error
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.errors import InvalidInputError
from triblerd_metadata.cleaning import CATEGORY_LIMIT, TITLE_LIMIT, clean_text
from triblerd_metadata.records import MOST_VOTES
from triblerd_metadata.tracker_urls import normalise_tracker
from triblerd_metadata.values import ChannelPart, Entry, EntryStatus, EntryType

SIGNED = frozenset(
    {
        "title",
        "tags",
        "origin_id",
        "infohash",
        "size",
        "torrent_date",
        "tracker_info",
        "num_entries",
        "start_timestamp",
        "json_text",
        "binary_data",
        "data_type",
        "timestamp",
        "public_key",
        "id_",
        "metadata_type",
        "reserved_flags",
    }
)
"""Those that the author's signature covers."""

_IDENTITY = frozenset({"public_key", "id_", "metadata_type", "reserved_flags"})
_EVERY = frozenset({"status", "origin_id", "timestamp"}) | _IDENTITY
_NAMED = _EVERY | {"title", "tags", "xxx"}
_TORRENT = _NAMED | {"infohash", "size", "torrent_date", "tracker_info", "tag_processor_version"}
_FOLDER = _NAMED | {"num_entries"}
OF_TYPE = {
    EntryType.TORRENT: _TORRENT,
    EntryType.CHANNEL: _TORRENT | _FOLDER | {"start_timestamp", "subscribed", "votes", "share", "local_version"},
    EntryType.FOLDER: _FOLDER,
    EntryType.DESCRIPTION: _EVERY | {"json_text"},
    EntryType.PICTURE: _EVERY | {"binary_data", "data_type"},
}
"""What an entry of each type has."""

_Count = Annotated[int, Meta(ge=0, lt=2**32)]
_Integer = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Properties(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be set of an entry; what is left out stays. Not every entry has every property."""

    title: Annotated[str | UnsetType, Meta(description="Its name")] = UNSET
    tags: Annotated[str | UnsetType, Meta(description="Its category")] = UNSET
    origin_id: Annotated[_Integer | UnsetType, Meta(description="Move it to this folder or channel; 0 is none")] = UNSET
    status: Annotated[int | UnsetType, Meta(description="0, 1 (to be deleted), 2, 6 or 1000")] = UNSET
    subscribed: bool | UnsetType = UNSET
    share: bool | UnsetType = UNSET
    votes: Annotated[
        Annotated[float, Meta(ge=0, le=MOST_VOTES)] | UnsetType, Meta(description="Popularity, 0 to 1")
    ] = UNSET
    xxx: Annotated[float | UnsetType, Meta(description="Above 0: for adults")] = UNSET
    local_version: _Integer | UnsetType = UNSET
    tag_processor_version: _Count | UnsetType = UNSET
    infohash: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-fA-F]{40}$")] | UnsetType, Meta(description="40 hex digits")
    ] = UNSET
    size: Annotated[_Integer | UnsetType, Meta(description="Bytes of all files")] = UNSET
    torrent_date: Annotated[_Count | UnsetType, Meta(description="Unix time, 0 for unknown")] = UNSET
    tracker_info: Annotated[str | UnsetType, Meta(description="An announce URL")] = UNSET
    num_entries: _Count | UnsetType = UNSET
    start_timestamp: _Integer | UnsetType = UNSET
    timestamp: Annotated[_Integer | UnsetType, Meta(description="Unix time of the record in milliseconds")] = UNSET
    json_text: str | UnsetType = UNSET
    binary_data: Annotated[str | UnsetType, Meta(description="Base64")] = UNSET
    data_type: Annotated[str | UnsetType, Meta(description="MIME type")] = UNSET


_OF_ENTRY = {
    "title": "title",
    "tags": "category",
    "origin_id": "origin_id",
    "status": "status",
    "tag_processor_version": "tag_processor_version",
    "size": "size",
    "torrent_date": "torrent_date",
    "timestamp": "timestamp",
}
_OF_PART = (
    "subscribed",
    "share",
    "votes",
    "local_version",
    "num_entries",
    "start_timestamp",
    "json_text",
    "data_type",
)


def read_properties(entry: Entry, given: dict[str, Any]) -> Properties:
    """Return what a client wants to set of an entry.

    Raises:
        InvalidInputError: a property that entries of the type do not have, or that never changes, or a value of
            another type.
    """
    for name in given:
        if name not in OF_TYPE[entry.type]:
            msg = f"{name}: an entry of type {int(entry.type)} has no such property"
            raise InvalidInputError(msg)
        if name in _IDENTITY:
            msg = f"{name} cannot be changed"
            raise InvalidInputError(msg)
    try:
        properties = msgspec.convert(given, Properties)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        msg = f"{where.rstrip('`')}: {what[:1].lower()}{what[1:]}".replace("`", "")
        raise InvalidInputError(msg) from error
    if properties.status is not UNSET and properties.status not in list(EntryStatus):
        msg = f"status: there is no status {properties.status}"
        raise InvalidInputError(msg)
    return properties


def with_properties(entry: Entry, properties: Properties) -> Entry:
    """Return the entry with its properties set, not signed yet.

    Raises:
        InvalidInputError: a value cannot be used.
    """
    changed: dict[str, object] = {}
    for name, field in _OF_ENTRY.items():
        if (value := getattr(properties, name)) is not UNSET:
            changed[field] = value
    for name, limit in (("title", TITLE_LIMIT), ("category", CATEGORY_LIMIT)):
        if name in changed:
            changed[name] = clean_text(str(changed[name]), limit)
    if properties.infohash is not UNSET:
        changed["infohash"] = bytes.fromhex(properties.infohash)
    if properties.tracker_info is not UNSET:
        changed["trackers"] = _with_first(entry.trackers, properties.tracker_info)
    if properties.xxx is not UNSET:
        changed["is_adult"] = properties.xxx > 0
    part = {name: value for name in _OF_PART if (value := getattr(properties, name)) is not UNSET}
    if properties.binary_data is not UNSET:
        part["binary_data"] = _from_base64(properties.binary_data)
    if part:
        changed["part"] = msgspec.structs.replace(entry.part or ChannelPart(), **part)
    return msgspec.structs.replace(entry, **changed)


def _with_first(trackers: tuple[str, ...], text: str) -> tuple[str, ...]:
    if not text:
        return ()
    tracker = normalise_tracker(text)
    if tracker is None:
        msg = "tracker_info: expected an announce URL"
        raise InvalidInputError(msg)
    return (tracker, *(each for each in trackers[1:] if each != tracker))


def _from_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64Error, ValueError) as error:
        msg = "binary_data: expected base64"
        raise InvalidInputError(msg) from error
