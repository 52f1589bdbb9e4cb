"""What an entry may look like, whoever sent it."""

import re

import msgspec

from triblerd_identity.api import PUBLIC_KEY_SIZE
from triblerd_metadata.tables import LARGEST_ID
from triblerd_metadata.tracker_urls import LONGEST, MOST_TRACKERS
from triblerd_metadata.values import (
    SIGNATURE_SIZE,
    UNSIGNED,
    ChannelPart,
    EntryStatus,
    EntryType,
    NewEntry,
    id_of_infohash,
)

TITLE_LIMIT = 300
CATEGORY_LIMIT = 200
CLOCK_TOLERANCE = 60
"""Seconds that a check may lie in the future."""

_INFOHASH_SIZE = 20
_DAY = 86400
_END = 2**63
_UINT32_MOST = 2**32 - 1
_STATUSES = frozenset(EntryStatus)
_NO_KEY = bytes(PUBLIC_KEY_SIZE)
# C0 and C1, what makes lines run backwards, halves of characters.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


class UnfitError(ValueError):
    """An entry cannot be stored; the text says why."""


def clean(entry: NewEntry, now: int) -> NewEntry:
    """Return an entry within the limits: long texts are cut, control characters left out, impossible dates forgotten.

    A signature that no longer fits is dropped, and an unsigned torrent gets the id that its infohash gives it.

    Args:
        entry: As it came.
        now: Unix time.

    Raises:
        UnfitError: it cannot be stored.
    """
    _check(entry)
    changed: dict[str, object] = {}
    signed: dict[str, object] = {}
    title, category, date = entry.title, entry.category, entry.torrent_date
    if len(title) > TITLE_LIMIT or not title.isprintable():
        _note(signed, "title", title, clean_text(title, TITLE_LIMIT))
    if len(category) > CATEGORY_LIMIT or not category.isprintable():
        _note(signed, "category", category, clean_text(category, CATEGORY_LIMIT))
    if not 0 <= date <= now + _DAY:
        signed["torrent_date"] = 0
    if entry.trackers:
        fitting = tuple(url for url in entry.trackers if len(url) <= LONGEST)[:MOST_TRACKERS]
        _note(signed, "trackers", entry.trackers, fitting)
    if not is_possible(entry.seeders, entry.leechers, entry.checked, now):
        changed |= {"seeders": 0, "leechers": 0, "checked": 0, "self_checked": False}
    if entry.public_key == UNSIGNED:
        if entry.type != EntryType.TORRENT:
            msg = "only torrents go without a key"
            raise UnfitError(msg)
        _note(changed, "id", entry.id, id_of_infohash(entry.infohash))
        _note(changed, "signature", entry.signature, b"")
    elif signed:
        signed["signature"] = b""
    if entry.part is None and entry.type != EntryType.TORRENT:
        changed["part"] = ChannelPart()
    return msgspec.structs.replace(entry, **changed, **signed) if changed or signed else entry


def clean_text(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, on one line, without control characters."""
    return _CONTROLS.sub(" ", text).strip()[:limit].rstrip()


def is_possible(seeders: int, leechers: int, checked: int, now: int) -> bool:
    """Return whether numbers of peers, and the Unix time at which they were counted, can be true."""
    return 0 <= seeders <= _UINT32_MOST and 0 <= leechers <= _UINT32_MOST and 0 <= checked < now + CLOCK_TOLERANCE


def _check(entry: NewEntry) -> None:
    if len(entry.infohash) != _INFOHASH_SIZE and entry.type in {EntryType.TORRENT, EntryType.CHANNEL}:
        msg = "an infohash has 20 bytes"
    elif not 0 <= entry.size < _END:
        msg = "size is out of range"
    elif not (0 <= entry.id <= LARGEST_ID and 0 <= entry.origin_id < _END):
        msg = "id is out of range"
    elif not 0 <= entry.timestamp < 2 * _END:
        msg = "timestamp is out of range"
    elif entry.status not in _STATUSES:
        msg = "there is no such status"
    elif entry.public_key and (len(entry.public_key) != PUBLIC_KEY_SIZE or entry.public_key == _NO_KEY):
        msg = "a public key has 64 bytes, not all 0"
    elif entry.signature and len(entry.signature) != SIGNATURE_SIZE:
        msg = "a signature has 64 bytes"
    else:
        return
    raise UnfitError(msg)


def _note(changes: dict[str, object], name: str, before: object, after: object) -> None:
    if before != after:
        changes[name] = after
