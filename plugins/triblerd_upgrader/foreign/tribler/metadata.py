"""The metadata database of both generations: torrents, channels and what is in them, and how many peers they had."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from triblerd_metadata.api import (
    UNKNOWN,
    UNSIGNED,
    ChannelPart,
    EntryStatus,
    EntryType,
    NewEntry,
    normalise_trackers,
)
from triblerd_upgrader.foreign.tribler.database import Database, Row
from triblerd_upgrader.foreign.values import ForeignRecords, NotTaken

KIND = "torrents"

CATEGORIES = frozenset(
    {"Video", "VideoClips", "Audio", "Document", "Compressed", "CD/DVD/BD", "Picture", "Other", "xxx", UNKNOWN}
)
"""What stands before the user's tags, if it is one of these."""

_TYPES = {kind.value: kind for kind in EntryType}
_STATUSES = frozenset(EntryStatus)


class _NodeRow(NamedTuple):
    """A row with the columns that a table of any version has, ``None`` where this one has none, and its health."""

    rowid: int
    metadata_type: Any
    public_key: Any
    id_: Any
    timestamp: Any
    signature: Any
    status: Any
    title: Any
    tags: Any
    infohash: Any
    size: Any
    torrent_date: Any
    tracker_info: Any
    origin_id: Any
    num_entries: Any
    start_timestamp: Any
    local_version: Any
    votes: Any
    subscribed: Any
    share: Any
    json_text: Any
    binary_data: Any
    data_type: Any
    health: Any
    seeders: Any
    leechers: Any
    last_check: Any
    self_checked: Any


_HEALTH = ("seeders", "leechers", "last_check", "self_checked")
_NODE = tuple(name for name in _NodeRow._fields if name not in _HEALTH)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all is UTC, and nothing says so
_SECOND = timedelta(seconds=1)
_INFOHASH_SIZE = 20
_INFOHASH_SIZES = (_INFOHASH_SIZE, 32)
_MOST = (1 << 63) - 1
_MOST_PEERS = (1 << 32) - 1


class Own:
    """What of the entries is the user's own.

    Args:
        public_key: What the user signed with, 64 bytes; empty when that is not known.
        infohashes: Of the downloads, each of both versions, and the key that it has here.
        has_tags: Behind the category of an unsigned torrent stand the user's tags.
    """

    def __init__(self, *, public_key: bytes, infohashes: Mapping[bytes, bytes], has_tags: bool) -> None:
        self.public_key = public_key
        self.infohashes = infohashes
        self.has_tags = has_tags

    def key_of(self, infohash: bytes) -> bytes:
        """Return the 20 bytes by which a torrent is known here."""
        return self.infohashes.get(infohash, infohash[:_INFOHASH_SIZE])


def read_entries(database: Database, own: Own) -> Iterator[ForeignRecords | NotTaken]:
    """Yield the entries in portions, then what is not among them."""
    nodes = _Nodes(database, own)
    skipped: Counter[str] = Counter()
    for rows in database.walk("ChannelNode", nodes.select):
        entries = nodes.entries(rows, skipped)
        if entries:
            yield ForeignRecords(kind=KIND, values=entries)
    for reason, count in skipped.items():
        yield NotTaken(f"rows of the metadata database ({count})", reason)
    if database.lost:
        yield NotTaken(f"rows of the metadata database ({database.lost})", "they lie in damaged pages")


def tags_of(database: Database) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """Yield the infohashes of torrents and the tags that their user gave them, in version 8."""

    def select(first: int, last: int) -> list[Row]:
        query = (
            "SELECT infohash, tags FROM ChannelNode"
            " WHERE rowid BETWEEN ? AND ? AND metadata_type = 300 AND length(public_key) = 0 AND tags <> ''"
        )
        return database.rows(query, (first, last))

    for rows in database.walk("ChannelNode", select):
        for infohash, text in rows:
            _, tags = split_tags(text if isinstance(text, str) else "")
            if tags and isinstance(infohash, bytes) and len(infohash) in _INFOHASH_SIZES:
                yield infohash, tags


def failing_trackers(database: Database) -> int:
    """Return how many trackers did not answer last."""
    try:
        [(count,)] = database.rows("SELECT count(*) FROM TrackerState WHERE failures > 0 OR NOT alive")
    except sqlite3.DatabaseError:
        return 0
    return int(count)


def split_tags(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the category and the tags of a text of version 8 that has both, separated by commas."""
    first, *rest = text.split(",")
    names = [name for name in map(str.strip, rest if first in CATEGORIES else [first, *rest]) if name]
    return (first if first in CATEGORIES else ""), tuple(dict.fromkeys(names))


class _Nodes:
    """Reads rows of ``ChannelNode`` with what other tables say of them."""

    def __init__(self, database: Database, own: Own) -> None:
        self._database = database
        self._own = own
        there = database.columns("ChannelNode") | {"rowid"}
        node = ", ".join(f"node.{name}" if name in there else "NULL" for name in _NODE)
        health = ", ".join(f"state.{name}" for name in _HEALTH)
        where = " WHERE node.rowid BETWEEN ? AND ? ORDER BY node.rowid"
        join = " LEFT JOIN TorrentState AS state ON state.rowid = node.health"
        self._whole = f"SELECT {node}, {health} FROM ChannelNode AS node{join}{where}"  # noqa: S608 - names of ours
        self._plain = f"SELECT {node}, NULL, NULL, NULL, NULL FROM ChannelNode AS node{where}"  # noqa: S608 - as above
        self._urls = self._tracker_urls()

    def select(self, first: int, last: int) -> list[Row]:
        """Return rows, without their health where that cannot be read."""
        try:
            return self._database.rows(self._whole, (first, last))
        except sqlite3.DatabaseError:
            return self._database.rows(self._plain, (first, last))

    def entries(self, rows: Sequence[Row], skipped: Counter[str]) -> list[NewEntry]:
        """Return the entries of rows, and count what is none by the reason."""
        nodes = [_NodeRow(*row) for row in rows]
        trackers = self._trackers([node.health for node in nodes if isinstance(node.health, int)])
        entries = []
        for node in nodes:
            if node.metadata_type not in _TYPES:
                skipped[f"there is no place for what is of kind {node.metadata_type}"] += 1
                continue
            try:
                entries.append(self._entry(node, trackers.get(node.health, ())))
            except (TypeError, ValueError):
                skipped["they hold what no entry can have"] += 1
        return entries

    def _entry(self, row: _NodeRow, known_trackers: Sequence[str]) -> NewEntry:
        kind, own = _TYPES[row.metadata_type], self._own
        key, infohash = _bytes(row.public_key), _bytes(row.infohash)
        category, signature = _text(row.tags), _bytes(row.signature)
        if key == UNSIGNED and kind is EntryType.TORRENT:
            category = (split_tags(category)[0] if own.has_tags else category) or UNKNOWN
        if row.status == EntryStatus.LEGACY:  # its signature never was one
            signature = b""
        checked = _count(row.last_check)
        return NewEntry(
            type=kind,
            public_key=key,
            id=_count(row.id_),
            origin_id=_count(row.origin_id),
            status=row.status if row.status in _STATUSES else EntryStatus.COMMITTED,
            title=_text(row.title),
            category=category,
            infohash=own.key_of(infohash) if key == UNSIGNED else infohash,
            size=_count(row.size),
            torrent_date=_seconds(row.torrent_date),
            timestamp=_count(row.timestamp),
            trackers=_trackers(key, _text(row.tracker_info), known_trackers),
            signature=signature,
            is_own=infohash in own.infohashes or (key != UNSIGNED and key == own.public_key),
            seeders=min(_count(row.seeders), _MOST_PEERS) if checked else 0,
            leechers=min(_count(row.leechers), _MOST_PEERS) if checked else 0,
            checked=checked,
            self_checked=bool(row.self_checked and checked),
            part=None if kind is EntryType.TORRENT else _part(row),
        )

    def _trackers(self, states: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Return the trackers of torrents by the rows of their health."""
        if not states or not self._urls:
            return {}
        query = "SELECT torrentstate, trackerstate FROM TorrentState_TrackerState WHERE torrentstate IN "
        found: dict[int, list[str]] = defaultdict(list)
        try:
            for state, tracker in self._database.rows(f"{query}({','.join('?' * len(states))})", states):
                if tracker in self._urls:
                    found[state].append(self._urls[tracker])
        except sqlite3.DatabaseError:
            return {}
        return found

    def _tracker_urls(self) -> dict[int, str]:
        try:
            rows = self._database.rows("SELECT rowid, url FROM TrackerState")
        except sqlite3.DatabaseError:
            return {}
        return {row: url for row, url in rows if isinstance(url, str)}


def _trackers(key: bytes, named: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the tracker that an entry names, and others of its torrent.

    A signature covers one as it is written: where there is none, none may come first.
    """
    if key == UNSIGNED:
        return normalise_trackers((named, *known)) if named or known else ()
    return tuple(dict.fromkeys((named, *normalise_trackers(known)))) if named else ()


def _part(row: _NodeRow) -> ChannelPart:
    return ChannelPart(
        num_entries=_count(row.num_entries),
        start_timestamp=_count(row.start_timestamp),
        local_version=_count(row.local_version),
        votes=float(row.votes or 0),
        subscribed=bool(row.subscribed),
        share=bool(row.share),
        json_text=_text(row.json_text),
        binary_data=_bytes(row.binary_data),
        data_type=_text(row.data_type),
    )


def _count(value: object) -> int:
    if value is None:
        return 0
    if not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(value)
    return value


def _seconds(date: object) -> int:
    """Return the Unix time of a text in UTC, 0 when it is none."""
    try:
        return max((datetime.fromisoformat(_text(date)) - _EPOCH) // _SECOND, 0)
    except (TypeError, ValueError):
        return 0


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _bytes(value: object) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes):
        raise TypeError(value)
    return value
