"""What is taken of the records that peers send: each is checked on its own and turned into an entry, or refused."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from triblerd_identity.api import NodeKey, verify
from triblerd_metadata.api import ReceivedRecord
from triblerd_metadata.cleaning import UnfitError, clean
from triblerd_metadata.tracker_urls import normalise_tracker
from triblerd_metadata.values import EntryType, NewEntry, id_of_infohash
from triblerd_metadata.wire import LARGEST_RECORD, Record, pack_record, parse_records, unsigned_part

LONGEST_TRACKER = 255
"""Characters."""

_LARGEST_INTEGER = (1 << 63) - 1


class PeerRecords:
    """Checks records of peers, and writes those of the store for them: the service ``WireRecords``.

    Args:
        key: Of this node.
        clock: Tells the Unix time.
    """

    def __init__(self, *, key: NodeKey, clock: Callable[[], float] = time.time) -> None:
        self._key = key
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
        sent = record.entry
        if sent is None or sent.type is not EntryType.TORRENT:
            msg = f"records of kind {record.kind} are not taken"
            raise _RefusedError(msg)
        if record.claims_no_author:
            sent = msgspec.structs.replace(sent, id=id_of_infohash(sent.infohash))
        else:
            self._check_signature(record)
            sent = msgspec.structs.replace(sent, public_key=record.public_key, signature=record.signature)
        entry = self._cleaned(sent)
        if entry.signature and unsigned_part(entry) != record.signed:  # for others the signature would be wrong
            entry = msgspec.structs.replace(entry, signature=b"")
        size = len(unsigned_part(entry)) + len(record.signature)
        if size > LARGEST_RECORD:
            msg = f"it has {size} bytes, more than {LARGEST_RECORD}"
            raise _RefusedError(msg)
        return entry

    def _check_signature(self, record: Record) -> None:
        if record.public_key == self._key.public_key:
            msg = "it is signed with the key of this node"
            raise _RefusedError(msg)
        if not verify(record.public_key, record.signature, record.signed):
            msg = "the signature is wrong"
            raise _RefusedError(msg)

    def _cleaned(self, sent: NewEntry) -> NewEntry:
        urls = (normalise_tracker(text) for text in sent.trackers)
        trackers = tuple(url for url in urls if url and len(url) <= LONGEST_TRACKER)
        try:
            entry = clean(msgspec.structs.replace(sent, trackers=trackers), int(self._clock()))
        except UnfitError as error:
            raise _RefusedError(str(error)) from error
        if max(entry.id, entry.timestamp) > _LARGEST_INTEGER:
            msg = "a number is 2^63 or more"
            raise _RefusedError(msg)
        return entry


class _RefusedError(Exception):
    """A record is not taken; the text says why."""
