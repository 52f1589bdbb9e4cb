"""What became of a state: one row for each download, and for each thing that was not taken over."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_upgrader.foreign.options import Options
from triblerd_upgrader.foreign.values import NotTaken

_RUN = b"last"


class Verdict(StrEnum):
    """What became of something."""

    IMPORTED = "imported"
    PRESENT = "present"
    """It was there already, and stays as it is."""
    CHECKED = "checked"
    """Imported, and its files are checked, at once or when it is started."""
    SKIPPED = "skipped"
    NOT_TAKEN = "not_taken"
    """Something that is no download."""


class Row(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One line of the report.

    Attributes:
        what: The file or the record that it was read from.
        infohash: Of the download here; empty for what is none.
        notes: What of it was not taken over, or otherwise.
    """

    number: int
    what: str
    verdict: Verdict
    infohash: str = ""
    name: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> bytes:
        """The key of its record: the same whenever the same thing is imported."""
        return hashlib.blake2b(
            f"{self.what}\0{self.infohash}\0{self.reason if not self.infohash else ''}".encode(
                errors="surrogateescape"
            ),
            digest_size=16,
        ).digest()


class State(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The daemon ended meanwhile; the same import goes on where it was."""


class Run(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One import.

    Attributes:
        started: Unix time; ``ended`` likewise, 0 while it runs.
        error: Why it failed.
        roots: Directories that downloads name and that are not there, with their numbers.
        counts: Rows by their verdict.
        records: Of each kind, how many were added and how many were there already.
    """

    program: str
    version: str
    root: str
    options: Options
    started: float
    ended: float = 0.0
    state: State = State.RUNNING
    error: str = ""
    roots: Mapping[str, int] = {}
    counts: Mapping[str, int] = {}
    records: Mapping[str, tuple[int, int]] = {}
    settings: tuple[str, ...] = ()


class Taken(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A state that was taken over to its end.

    Attributes:
        version: Of the program.
        ended: Unix time.
    """

    version: str
    ended: float


class Report:
    """The rows of one run, in memory, and unless it is dry on disk, so that an interrupted one is gone on with."""

    def __init__(self, rows: Mapping[bytes, Row], journal: "Journal | None") -> None:
        self._before = rows
        self._rows: dict[bytes, Row] = {}
        self._journal = journal
        self._number = 0

    @property
    def rows(self) -> list[Row]:
        """All rows, in order."""
        return sorted(self._rows.values(), key=lambda row: row.number)

    def counts(self) -> Counter[str]:
        """Return how many rows have each verdict."""
        return Counter(str(row.verdict) for row in self._rows.values())

    def next_number(self) -> int:
        """Return the place of the next row."""
        self._number += 1
        return self._number

    def settled(self, row: Row) -> Row:
        """Return the row to be written: what an interrupted run has taken over is not there "already"."""
        before = self._before.get(row.key)
        if before is None or row.verdict is not Verdict.PRESENT or before.verdict is Verdict.SKIPPED:
            return row
        return msgspec.structs.replace(before, number=row.number)

    def add(self, rows: Iterable[Row]) -> None:
        """Show rows, which are on disk already if they have to be."""
        self._rows |= {row.key: row for row in rows}

    def write(self, transaction: Transaction, rows: Iterable[Row]) -> None:
        """Write rows together with what they tell of."""
        if self._journal is not None:
            self._journal.write(transaction, rows)

    async def put(self, rows: Iterable[Row]) -> None:
        """Write and show rows."""
        rows = list(rows)
        if self._journal is not None and rows:
            await self._journal.put(rows)
        self.add(rows)

    async def not_taken(self, found: Iterable[NotTaken]) -> None:
        """Write and show rows of what is no download."""
        await self.put(
            Row(number=self.next_number(), what=one.what, verdict=Verdict.NOT_TAKEN, reason=one.reason) for one in found
        )


class Journal:
    """The last import on disk, with its rows, and which states were taken over at all."""

    def __init__(self, *, store: StoreView, runs: Table[Run], rows: Table[Row], taken: Table[Taken]) -> None:
        self._store = store
        self._runs = runs
        self._rows = rows
        self._taken = taken

    def last(self) -> Run | None:
        """Return the last import, ``None`` when there was none."""
        return self._runs.get(_RUN)

    def rows(self) -> dict[bytes, Row]:
        """Return the rows of the last import by their keys. For a thread."""
        return dict(self._rows.items())

    async def begin(self, run: Run, *, goes_on: bool) -> None:
        """Write that an import begins; the rows of the one before stay only when it is gone on with."""

        def write(transaction: Transaction) -> None:
            if not goes_on:
                for key in list(transaction.keys(self._rows)):
                    transaction.delete(self._rows, key)
            transaction.put(self._runs, _RUN, run)

        await self._store.write(write)

    async def note(self, run: Run) -> None:
        """Write how far the import is."""

        def write(transaction: Transaction) -> None:
            transaction.put(self._runs, _RUN, run)
            if run.state is State.FINISHED:
                taken = Taken(version=run.version, ended=run.ended)
                transaction.put(self._taken, _state_key(run.program, run.root), taken)

        await self._store.write(write)

    def was_taken(self, program: str, root: str) -> bool:
        """Return whether a state was taken over to its end. Asks the disk: for a thread."""
        key, last = _state_key(program, root), self.last()
        is_last = last is not None and last.state is State.FINISHED and _state_key(last.program, last.root) == key
        return is_last or self._taken.get(key) is not None

    async def put(self, rows: Iterable[Row]) -> None:
        """Write rows."""
        rows = list(rows)
        await self._store.write(lambda transaction: self.write(transaction, rows))

    def write(self, transaction: Transaction, rows: Iterable[Row]) -> None:
        """Write rows in a transaction."""
        transaction.put_many(self._rows, [(row.key, row) for row in rows])


def _state_key(program: str, root: str) -> bytes:
    """Return the same for a directory by whatever links it was reached."""
    place = f"{program}\0{os.path.realpath(root)}"
    return hashlib.blake2b(place.encode(errors="surrogateescape"), digest_size=16).digest()
