"""Torrents for tests of the overlay."""

import struct
import time

from triblerd.testing import RunningDaemon
from triblerd_metadata.api import MetadataStore, NewEntry, id_of_infohash


def torrent(number: int, title: str, **more: object) -> NewEntry:
    """An unsigned torrent, as most are."""
    key = number.to_bytes(8) + b"\x01" * 12  # the first 8 bytes give the id
    fields: dict[str, object] = {"timestamp": 1000, "size": 1} | more
    return NewEntry(title=title, infohash=key, id=id_of_infohash(key), **fields)  # type: ignore[arg-type]


def store_of(daemon: RunningDaemon) -> MetadataStore:
    found = daemon.daemon.container.services().find(MetadataStore)
    assert found
    return found


async def add(daemon: RunningDaemon, *entries: NewEntry) -> None:
    outcomes = await store_of(daemon).add(entries)
    assert all(one.outcome == "added" for one in outcomes), outcomes


def record_of(entry: NewEntry) -> bytes:
    """The record of an unsigned torrent, by the description of its bytes."""
    texts = [entry.title, entry.category, entry.trackers[0] if entry.trackers else ""]
    return (
        struct.pack(">HH64s", 300, 0, b"")
        + struct.pack(">QQQ20sQI", entry.id, 0, entry.timestamp, entry.infohash, entry.size, entry.torrent_date)
        + b"".join(struct.pack(">I", len(text.encode())) + text.encode() for text in texts)
        + bytes(64)
    )


def now() -> int:
    return int(time.time())
