"""Which files were dealt with: so that none is added again, not even after its download was removed."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from triblerd.store import StoreView, Table, Transaction

KEPT_SECONDS = 90 * 86400
"""How long a file is remembered that is not there: a disk may be away for a while, and its directory empty."""


class Stamp(NamedTuple):
    """What tells that a file is as it was: bytes, and when it was changed in nanoseconds of Unix time."""

    size: int
    mtime_ns: int


class Outcome(StrEnum):
    """What became of a file."""

    ADDED = "added"
    KNOWN = "known"
    BROKEN = "broken"
    WAITING = "waiting"
    FAILED = "failed"


class SeenFile(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is on disk of a file that was dealt with, and stayed where it was.

    Attributes:
        path: As the system has it.
        infohash: Of its torrent; empty when there is none.
        gone: Unix time since when it is missing; 0 while it is there.
    """

    path: bytes
    size: int
    mtime_ns: int
    outcome: Outcome
    infohash: str = ""
    gone: int = 0

    @property
    def stamp(self) -> Stamp:
        """Of the file as it was then."""
        return Stamp(self.size, self.mtime_ns)


class SeenFiles:
    """The files of one directory, in memory and in the store.

    Args:
        files: By path.
    """

    def __init__(
        self, files: dict[str, SeenFile], *, store: StoreView, table: Table[SeenFile], clock: Callable[[], float]
    ) -> None:
        self._files = files
        self._store = store
        self._table = table
        self._clock = clock

    @property
    def files(self) -> Mapping[str, SeenFile]:
        """All of them, those that are missing included. It is not changed while a coroutine of this object waits."""
        return self._files

    async def note(self, path: str, stamp: Stamp, outcome: Outcome, infohash: str = "") -> None:
        """Remember a file that was dealt with; it is on disk when this returns."""
        file = SeenFile(
            path=os.fsencode(path), size=stamp.size, mtime_ns=stamp.mtime_ns, outcome=outcome, infohash=infohash
        )
        await self._table.put(key_of(path), file)
        self._files[path] = file

    async def update(self, *, missing: Iterable[str], there: Iterable[str]) -> None:
        """Note which files are gone, and which are back; forget those that have been gone for long."""
        now = int(self._clock())
        changed: dict[str, SeenFile | None] = {}
        for path in missing:
            file = self._files[path]
            if not file.gone:
                changed[path] = msgspec.structs.replace(file, gone=now)
            elif file.gone + KEPT_SECONDS < now:
                changed[path] = None
        changed |= {path: msgspec.structs.replace(self._files[path], gone=0) for path in there}
        if not changed:
            return
        await self._store.write(lambda transaction: _write(transaction, self._table, changed))
        for path, kept in changed.items():
            if kept is None:
                del self._files[path]
            else:
                self._files[path] = kept

    def moved(self, stamp: Stamp, infohash: str, missing: Iterable[str]) -> bool:
        """Return whether a new file is one of those that are missing, which has got another name."""
        return any(
            (file := self._files.get(path)) is not None and file.stamp == stamp and file.infohash == infohash
            for path in missing
        )


async def load_seen(
    store: StoreView, folders: Mapping[str, Callable[[str], bool]], *, clock: Callable[[], float] = time.time
) -> dict[str, SeenFiles]:
    """Return what is remembered, by directory.

    Args:
        store: Of the plugin.
        folders: Tells for each directory, by name, whether a path is one of its files; the first one counts.
        clock: Unix time.
    """
    table = await store.table("seen", SeenFile)
    files: dict[str, dict[str, SeenFile]] = {name: {} for name in folders}
    strays: dict[str, SeenFile] = {}
    for path, file in await asyncio.to_thread(lambda: list(_stored(table))):
        owner = next((name for name, holds in folders.items() if holds(path)), None)
        (strays if owner is None else files[owner])[path] = file
    found = {name: SeenFiles(own, store=store, table=table, clock=clock) for name, own in files.items()}
    # What lies in no directory any more is as good as missing.
    await SeenFiles(strays, store=store, table=table, clock=clock).update(missing=list(strays), there=())
    return found


def key_of(path: str) -> bytes:
    """Return the key of a path, which may be longer than a key may be."""
    return blake2b(os.fsencode(path), digest_size=20).digest()


def _stored(table: Table[SeenFile]) -> Iterator[tuple[str, SeenFile]]:
    return ((os.fsdecode(file.path), file) for _, file in table.items())


def _write(transaction: Transaction, table: Table[SeenFile], changed: Mapping[str, SeenFile | None]) -> None:
    for path, file in changed.items():
        if file is None:
            transaction.delete(table, key_of(path))
        else:
            transaction.put(table, key_of(path), file)
