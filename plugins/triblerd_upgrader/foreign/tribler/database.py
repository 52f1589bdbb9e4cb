"""SQLite files of strangers, maybe damaged: from a private copy, in bounded memory, as much as can be read of them."""

import os
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
Select = Callable[[int, int], list[Row]]
"""Returns the rows from one number to another, both included."""

ROWS = 10_000
"""Read at once, and written in one transaction: with a tenth of them, all of it takes half as long again."""
_MAGIC = b"SQLite format 3\0"
_HEAD = struct.Struct(">16sH10xI")
_COUNT = struct.Struct(">I")
_LONGEST = 1 << 22
"""Bytes of a value, or of a row: what has more cannot be read."""
_MOST_FAILURES = 10_000
_LARGEST_ROWID = (1 << 63) - 1


class Database:
    """An open database.

    Args:
        connection: To the copy.
        damage: What is known to be wrong with it.
    """

    def __init__(self, connection: sqlite3.Connection, damage: str = "") -> None:
        self._connection = connection
        self._failures = 0
        self._failed_looks = 0
        self._damage = damage

    @cached_property
    def damage(self) -> str:
        """What is wrong with it, as far as ``PRAGMA quick_check`` finds it: a second for a GB; empty for nothing."""
        return self._damage or self._check()

    def tables(self) -> set[str]:
        """Return the names of its tables."""
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, table: str) -> set[str]:
        """Return the names of the columns of a table that there is."""
        return {row[1] for row in self.rows(f'PRAGMA table_info("{table}")')}

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query.

        Raises:
            sqlite3.DatabaseError: the database is damaged there.
        """
        return self._connection.execute(query, parameters).fetchall()

    def walk(self, table: str, select: Select) -> Iterator[list[Row]]:
        """Yield the rows of a table in portions, without those that lie in damaged places.

        Args:
            table: Has rowids.
            select: Reads the rows between two rowids.
        """
        first, last = self._ends(table)
        while first <= last:
            if found := list(self._salvaged(select, first, min(first + ROWS - 1, last))):
                yield found
            first = self._next(table, first + ROWS)

    @property
    def lost(self) -> int:
        """How many rows, at least, could not be read."""
        return self._failures

    def _check(self) -> str:
        try:
            [(found,), *_] = self.rows("PRAGMA quick_check(1)")
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if found == "ok" else str(found).replace("\n", " ")

    def _salvaged(self, select: Select, first: int, last: int) -> Iterator[Row]:
        """Yield what can be read between two rowids, by halves where it cannot be read as a whole."""
        if self._failures >= _MOST_FAILURES:
            return
        try:
            yield from select(first, last)
        except sqlite3.DatabaseError:
            if first == last:
                self._failures += 1
                return
            middle = (first + last) // 2
            yield from self._salvaged(select, first, middle)
            yield from self._salvaged(select, middle + 1, last)

    def _ends(self, table: str) -> tuple[int, int]:
        """Return the first and the last rowid; a damaged table may know it only of those that were ever given."""
        try:
            [(first, last)] = self.rows(f'SELECT min(rowid), max(rowid) FROM "{table}"')  # noqa: S608 - a name of ours
        except sqlite3.DatabaseError:
            first, last = 1, self._last_given(table)
        return (1, 0) if first is None or last is None else (first, last)

    def _last_given(self, table: str) -> int:
        try:
            found = self.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        except sqlite3.DatabaseError:
            return 0
        return int(found[0][0]) if found else 0

    def _next(self, table: str, first: int) -> int:
        """Return the next rowid that there is: between two of them there may be any distance."""
        if first > _LARGEST_ROWID:
            return first
        try:
            [(found,)] = self.rows(f'SELECT min(rowid) FROM "{table}" WHERE rowid >= ?', (first,))  # noqa: S608 - as above
        except sqlite3.DatabaseError:
            self._failed_looks += 1
            return first if self._failed_looks < _MOST_FAILURES else _LARGEST_ROWID + 1
        return _LARGEST_ROWID + 1 if found is None else int(found)


@contextmanager
def opened(file: Path) -> Iterator[Database]:
    """Open a copy, with what lies in its write-ahead log beside it.

    Raises:
        sqlite3.DatabaseError: it is no database, or there is none.
    """
    if not file.is_file():
        msg = "there is no such file"
        raise sqlite3.DatabaseError(msg)
    for part in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):  # a copy of what was read-only is, too, and could not be opened
            file.with_name(file.name + part).chmod(0o600)
    damage = _made_whole(file)
    # One after the other, but not always the same one: an iterator goes on in whichever thread is free.
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        yield Database(connection, damage)
    finally:
        connection.close()


def _made_whole(file: Path) -> str:
    """Write the real number of pages into the head of a copy that ends too early, which SQLite would refuse as a whole.

    Returns what is wrong; empty when nothing is.
    """
    with file.open("r+b") as copy:
        head = copy.read(_HEAD.size)
        size = copy.seek(0, os.SEEK_END)
        if len(head) < _HEAD.size or not head.startswith(_MAGIC):
            return ""
        _, page_size, pages = _HEAD.unpack(head)
        page_size = page_size if page_size > 1 else 1 << 16
        if size >= pages * page_size or _has_log(file):
            return ""
        copy.seek(_HEAD.size - _COUNT.size)
        copy.write(_COUNT.pack(size // page_size))
        copy.truncate(size // page_size * page_size)
    return f"it ends after {size // page_size} of {pages} pages"


def _has_log(file: Path) -> bool:
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0
