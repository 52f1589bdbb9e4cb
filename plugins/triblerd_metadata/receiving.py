"""What is taken of the records that peers send: each is checked on its own and turned into an entry, or refused."""

import asyncio
import time
import unicodedata
from collections.abc import Callable

import msgspec

from triblerd_metadata.api import ReceivedRecord
from triblerd_metadata.keys import verify
from triblerd_metadata.tracker_urls import normalise_tracker
from triblerd_metadata.values import UNSIGNED, EntryType, NewEntry, id_of_infohash
from triblerd_metadata.wire import LARGEST_RECORD, Record, pack_record, parse_records, unsigned_part

LONGEST_TITLE = 300
"""Characters, as of the two below."""
LONGEST_CATEGORY = 200
LONGEST_TRACKER = 255

_DAY = 24 * 60 * 60
_LARGEST_INTEGER = (1 << 63) - 1
_WHITE = str.maketrans(dict.fromkeys("\t\n\v\f\r\x85\u2028\u2029", " "))


class PeerRecords:
    """Checks records of peers, and writes those of the store for them: the service ``WireRecords``.

    Args:
        own_key: The public key of this node, 64 bytes.
        clock: Tells the Unix time.
    """

    def __init__(self, *, own_key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._own_key = own_key
        self._clock = clock

    async def read(self, data: bytes) -> list[ReceivedRecord]:
        """Check records in a thread; see ``WireRecords``."""
        return await asyncio.to_thread(self._read, data)

    def write(self, entry: NewEntry) -> bytes | None:
        """Return the bytes of a record; see ``WireRecords``."""
        return pack_record(entry)

    def _read(self, data: bytes) -> list[ReceivedRecord]:
        return [self._received(record) for record in parse_records(data)]

    def _received(self, record: Record) -> ReceivedRecord:
        infohash = record.entry.infohash if record.entry else b""
        try:
            entry = self._checked(record)
        except _RefusedError as refusal:
            return ReceivedRecord(kind=record.kind, infohash=infohash, entry=None, reason=str(refusal))
        return ReceivedRecord(kind=record.kind, infohash=infohash, entry=entry)

    def _checked(self, record: Record) -> NewEntry:
        entry = record.entry
        if entry is None or entry.type is not EntryType.TORRENT:
            msg = f"records of kind {record.kind} are not taken"
            raise _RefusedError(msg)
        clean = self._cleaned(entry)
        clean = _unsigned(clean) if record.claims_no_author else self._signed(record, clean)
        if max(clean.size, clean.id, clean.origin_id, clean.timestamp) > _LARGEST_INTEGER:
            msg = "a number is 2^63 or more"
            raise _RefusedError(msg)
        size = len(unsigned_part(clean)) + len(record.signature)
        if size > LARGEST_RECORD:
            msg = f"it has {size} bytes, more than {LARGEST_RECORD}"
            raise _RefusedError(msg)
        return clean

    def _signed(self, record: Record, clean: NewEntry) -> NewEntry:
        if record.public_key == self._own_key:
            msg = "it is signed with the key of this node"
            raise _RefusedError(msg)
        if not verify(record.public_key, record.signature, record.signed):
            msg = "the signature is wrong"
            raise _RefusedError(msg)
        signed = msgspec.structs.replace(clean, public_key=record.public_key)
        if unsigned_part(signed) != record.signed:  # for others the signature would be wrong
            return signed
        return msgspec.structs.replace(signed, signature=record.signature)

    def _cleaned(self, entry: NewEntry) -> NewEntry:
        is_possible = entry.torrent_date <= self._clock() + _DAY
        trackers = (normalise_tracker(text) for text in entry.trackers)
        return msgspec.structs.replace(
            entry,
            title=clean_text(entry.title)[:LONGEST_TITLE],
            category=clean_text(entry.category)[:LONGEST_CATEGORY],
            trackers=tuple(url for url in trackers if url and len(url) <= LONGEST_TRACKER),
            torrent_date=entry.torrent_date if is_possible else 0,
        )


def clean_text(text: str) -> str:
    """Return a text of one line without control characters."""
    if text.isprintable():
        return text
    one_line = text.translate(_WHITE)
    return "".join(character for character in one_line if unicodedata.category(character) != "Cc").strip()


def _unsigned(entry: NewEntry) -> NewEntry:
    return msgspec.structs.replace(entry, public_key=UNSIGNED, id=id_of_infohash(entry.infohash))


class _RefusedError(Exception):
    """A record is not taken; the text says why."""
