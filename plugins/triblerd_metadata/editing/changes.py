"""Changes of single entries, with the rules that depend on whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from triblerd.errors import InvalidInputError, NotFoundError, TriblerdError
from triblerd_identity.api import NodeKey
from triblerd_metadata.batch import Batch
from triblerd_metadata.editing.properties import OF_TYPE, SIGNED, read_properties, with_properties
from triblerd_metadata.family import is_adult
from triblerd_metadata.values import ChannelPart, Entry, EntryStatus, EntryType
from triblerd_metadata.wire import sign_entry

CONTAINERS = frozenset({EntryType.CHANNEL, EntryType.FOLDER})
"""What entries can be in."""


class UnknownObjectError(NotFoundError):
    """There is no entry of this key and id, so nothing of it can be changed."""

    def __init__(self) -> None:
        super().__init__("Object with the specified pk+id could not be found.")


@dataclass(frozen=True)
class Wish:
    """What a client wants to be changed of one entry.

    Attributes:
        public_key: With ``id`` which entry; the key is empty when nobody signed it.
        properties: By name, unchecked.
        infohash: For the channel that a folder becomes, if it does.
    """

    public_key: bytes
    id: int
    properties: Mapping[str, Any]
    infohash: bytes


def change_each(
    batch: Batch, wishes: Sequence[Wish], key: NodeKey, now: float
) -> tuple[list[Entry], TriblerdError | None]:
    """Change entries one after the other until one fails, and return them with the error of that one."""
    changed: list[Entry] = []
    for wish in wishes:
        try:
            changed.append(change(batch, wish, key, now))
        except (InvalidInputError, NotFoundError) as error:
            return changed, error
    return changed, None


def change(batch: Batch, wish: Wish, key: NodeKey, now: float) -> Entry:
    """Change an entry as a whole or not at all, and return it.

    Args:
        batch: Where it is written.
        wish: What to change.
        key: Of this node: what it signed is signed anew.
        now: Unix time.

    Raises:
        UnknownObjectError: there is no such entry.
        InvalidInputError: it cannot be changed so; the text says why.
    """
    entry = batch.by_identity(wish.public_key, wish.id)
    if entry is None:
        raise UnknownObjectError
    given = dict(wish.properties)
    is_signed = not SIGNED.isdisjoint(OF_TYPE[entry.type] & given.keys())
    if is_signed:
        _require_signable(entry, given, key)
    properties = read_properties(entry, given)
    changed = with_properties(entry, properties)
    if properties.origin_id is not UNSET and changed.origin_id != entry.origin_id:
        changed = _moved(batch, changed, infohash=wish.infohash, now=now)
    if properties.xxx is UNSET and (changed.title, changed.category) != (entry.title, entry.category):
        changed = msgspec.structs.replace(changed, is_adult=is_adult(changed.title) or is_adult(changed.category))
    if is_signed:
        changed = signed_anew(changed, key, now if properties.timestamp is UNSET else None)
    return entry if changed == entry else batch.replace(entry, changed)


def signed_anew(entry: Entry, key: NodeKey, now: float | None) -> Entry:
    """Return an own entry, which was changed, with a signature that fits to it.

    Args:
        entry: Its public key is that of ``key``.
        key: Of this node.
        now: Unix time of the change; ``None`` keeps the entry's timestamp.
    """
    timestamp = entry.timestamp if now is None else max(entry.timestamp + 1, int(now * 1000))
    status = EntryStatus.NEW if entry.status == EntryStatus.NEW else EntryStatus.UPDATED
    return sign_entry(msgspec.structs.replace(entry, timestamp=timestamp, status=status), key)


def _require_signable(entry: Entry, given: Mapping[str, Any], key: NodeKey) -> None:
    if "status" in given:
        msg = "Cannot set status manually when changing signed attributes."
    elif entry.status == EntryStatus.LEGACY:
        msg = "Changing parameters of legacy entries is not supported."
    elif entry.public_key != key.public_key:
        msg = "Changing signed parameters in non-personal entries is not supported."
    else:
        return
    raise InvalidInputError(msg)


def _moved(batch: Batch, entry: Entry, *, infohash: bytes, now: float) -> Entry:
    _require_place(batch, entry)
    part = entry.part or ChannelPart()
    if entry.type is EntryType.CHANNEL and entry.origin_id:
        return msgspec.structs.replace(
            entry,
            type=EntryType.FOLDER,
            infohash=b"",
            size=0,
            torrent_date=0,
            trackers=(),
            seeders=0,
            leechers=0,
            checked=0,
            self_checked=False,
            part=msgspec.structs.replace(part, start_timestamp=0, local_version=0, votes=0.0, subscribed=False),
        )
    if entry.type is EntryType.FOLDER and not entry.origin_id:
        return msgspec.structs.replace(
            entry,
            type=EntryType.CHANNEL,
            infohash=infohash,
            part=msgspec.structs.replace(part, start_timestamp=int(now * 1000), subscribed=True),
        )
    return entry


def _require_place(batch: Batch, entry: Entry) -> None:
    """Check that an entry can be where it says that it is."""
    above, seen = entry.origin_id, {entry.id}
    while above:
        if above in seen:
            msg = f"origin_id: {entry.origin_id} is in the entry itself"
            raise InvalidInputError(msg)
        seen.add(above)
        folder = batch.by_identity(entry.public_key, above)
        if folder is None or folder.type not in CONTAINERS:
            msg = f"origin_id: there is no folder {above}"
            raise InvalidInputError(msg)
        above = folder.origin_id
