"""The baseline of searches: the same torrents in SQLite, with its own full-text index over the titles.

The query has the shape that Tribler's has: one match in FTS5, joined to the table of records, ordered by a column of it
or by relevance.
"""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from triblerd_metadata.api import NewEntry

_TABLES = """
CREATE TABLE record (
    rowid INTEGER PRIMARY KEY,
    metadata_type INTEGER NOT NULL,
    reserved_flags INTEGER NOT NULL,
    origin_id INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    id INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    signature BLOB,
    added_on INTEGER NOT NULL,
    status INTEGER NOT NULL,
    xxx INTEGER NOT NULL,
    tag_processor_version INTEGER NOT NULL,
    infohash BLOB NOT NULL,
    size INTEGER NOT NULL,
    torrent_date INTEGER NOT NULL,
    tracker_info TEXT NOT NULL,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    seeders INTEGER NOT NULL,
    leechers INTEGER NOT NULL,
    last_check INTEGER NOT NULL,
    self_checked INTEGER NOT NULL
);
CREATE VIRTUAL TABLE titles USING fts5(
    title, content='record', prefix='2 3 4 5', tokenize='porter unicode61 remove_diacritics 1'
);
"""
_INDEXES = """
CREATE UNIQUE INDEX record_infohash ON record (infohash);
CREATE UNIQUE INDEX record_identity ON record (public_key, id);
CREATE INDEX record_type ON record (metadata_type);
CREATE INDEX record_origin ON record (origin_id) WHERE origin_id != 0;
CREATE INDEX record_date ON record (torrent_date);
CREATE INDEX record_seeders ON record (seeders, leechers);
CREATE INDEX record_last_check ON record (last_check);
"""
_SEARCH = """
SELECT {wanted} FROM titles JOIN record ON record.rowid = titles.rowid
WHERE titles MATCH ? AND record.metadata_type = 300 ORDER BY {order} LIMIT 50
"""
_ORDERS = {"health": "record.seeders DESC, record.leechers DESC", None: "titles.rank"}
_INSERT = "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_CACHE_KIB = 64 << 10


class Fts5Store:
    """Torrents in SQLite.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def fill(self, torrents: Iterable[NewEntry]) -> float:
        """Insert torrents, and return how many seconds that took."""
        began = time.perf_counter()
        with self._database as database:
            database.executescript(_TABLES)
            database.executemany(_INSERT, map(_row, torrents))
            database.execute("INSERT INTO titles (rowid, title) SELECT rowid, title FROM record")
            database.executescript(_INDEXES)
        self._database.execute("ANALYZE")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return time.perf_counter() - began

    def search(self, text: str, sort_by: str | None, wanted: str = "record.*") -> list[tuple[object, ...]]:
        """Return what is wanted of the first 50 records whose titles match.

        Args:
            text: What is looked for.
            sort_by: By seeders (``health``) or by relevance (``None``).
            wanted: The columns.
        """
        query = _SEARCH.format(wanted=wanted, order=_ORDERS[sort_by])
        return self._database.execute(query, (text,)).fetchall()

    def size(self) -> int:
        """Return the bytes on disk."""
        return self._path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _row(torrent: NewEntry) -> tuple[object, ...]:
    return (
        None,
        int(torrent.type),
        0,
        torrent.origin_id,
        torrent.public_key,
        torrent.id,
        torrent.timestamp,
        None,
        torrent.timestamp // 1000,
        torrent.status,
        0,
        0,
        torrent.infohash,
        torrent.size,
        torrent.torrent_date,
        "",
        torrent.title,
        torrent.category,
        torrent.seeders,
        torrent.leechers,
        torrent.checked,
        torrent.self_checked,
    )
