"""``torrents.db``: the other storage, with a row for each download."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import read_layout
from triblerd_upgrader.foreign.native import NativeResume
from triblerd_upgrader.foreign.qbittorrent.record import Context, Own, download_of, lost_of
from triblerd_upgrader.foreign.stored import Torrent, salvaged
from triblerd_upgrader.foreign.values import Item, NotTaken

FILE = "torrents.db"
_TABLES = frozenset({"meta", "torrents"})
_MOST_FAILURES = 1000


def count_rows(path: Path) -> int | None:
    """Return how many downloads there are, ``None`` when this is no database of qBittorrent's.

    The file is opened in a way that leaves it, and what lies beside it, alone: rows that are in a write-ahead log only
    are not counted.
    """
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            _require_tables(connection)
            return int(connection.execute("SELECT count(*) FROM torrents").fetchone()[0])
    except sqlite3.Error:
        return None


def read_database(path: Path, context: Context) -> Iterator[Item]:
    """Yield the downloads of a private copy; opening it may change it, and what lies beside it."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            _require_tables(connection)
            yield from _rows(connection, context)
    except sqlite3.Error as error:
        yield NotTaken(FILE, f"it is damaged: {error}")


def _require_tables(connection: sqlite3.Connection) -> None:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names >= _TABLES:
        msg = "it is no database of qBittorrent"
        raise sqlite3.DatabaseError(msg)


def _rows(connection: sqlite3.Connection, context: Context) -> Iterator[Item]:
    """Yield what each row holds: one at a time, since a damaged page takes no more than its own rows with it."""
    ids: list[int] = []
    damage: sqlite3.Error | None = None
    try:
        for (row_id,) in connection.execute("SELECT id FROM torrents"):
            ids.append(row_id)
    except sqlite3.Error as error:
        damage = error
    failures = 0
    for row_id in ids:
        try:
            row = connection.execute("SELECT * FROM torrents WHERE id = ?", (row_id,)).fetchone()
        except sqlite3.Error as error:
            damage = error
            failures += 1
            if failures > _MOST_FAILURES:
                break
            continue
        if row is not None:
            yield from _record(Fields(dict(row)), context)
    if damage is not None:
        yield NotTaken(FILE, f"it is damaged, and some downloads are lost: {damage}")


def _record(row: Fields, context: Context) -> Iterator[Item]:
    origin = f"{FILE}: {row.text('torrent_id')}"
    metainfo = row.raw("metadata")
    resume = salvaged(f"{origin}, libtorrent_resume_data", lambda: NativeResume(row.raw("libtorrent_resume_data")))
    torrent = salvaged(f"{origin}, metadata", lambda: Torrent(metainfo, read_layout(metainfo))) if metainfo else None
    if isinstance(resume, NotTaken) or isinstance(torrent, NotTaken):
        yield from (part for part in (resume, torrent) if isinstance(part, NotTaken))
        return
    own = _own(row)
    yield salvaged(origin, lambda: download_of(origin, resume, torrent, own, context))
    yield from lost_of(origin, own)


def _own(row: Fields) -> Own:
    is_stopped = row.flag("stopped")
    return Own(
        name=row.text("name"),
        category=row.text("category"),
        tags=tuple(filter(None, map(str.strip, row.text("tags").split(",")))),
        save_path=row.text("target_save_path"),
        ratio_limit=row.value("ratio_limit"),
        seeding_time_limit=row.value("seeding_time_limit"),
        inactive_time_limit=row.value("inactive_seeding_time_limit"),
        share_limit_action=row.text("share_limit_action"),
        is_first_last=row.flag("has_outer_pieces_priority"),
        stopped=is_stopped,
        auto_managed=not is_stopped and row.text("operating_mode", "AutoManaged") == "AutoManaged",
        queue_position=row.number("queue_position", -1),
    )
