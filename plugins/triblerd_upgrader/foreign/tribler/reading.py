"""What the readers of both generations share: a part of a state each, with what is wrong with it."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from triblerd_upgrader.foreign.tribler import identity, ledger, metadata, statements
from triblerd_upgrader.foreign.tribler.database import Database, opened
from triblerd_upgrader.foreign.tribler.identity import ForeignIdentity
from triblerd_upgrader.foreign.values import ForeignDownload, ForeignRecords, ForeignSettings, Item, NotTaken

LEFT = {
    "secondary_key.pem": "a second key has no use here",
    "lt.state": "the nodes of the DHT are found anew",
    "exitnode_cache.dat": "exits are found anew",
}
"""What is not taken over, and why."""


class OwnDownloads:
    """Remembers the downloads that pass by, by their infohashes of both versions."""

    def __init__(self) -> None:
        self.keys: dict[bytes, bytes] = {}

    def passing(self, items: Iterable[ForeignDownload | NotTaken]) -> Iterator[Item]:
        """Yield the items."""
        for item in items:
            if isinstance(item, ForeignDownload):
                key = item.infohash_v1 or item.infohash_v2[:20]
                self.keys |= {infohash: key for infohash in (item.infohash_v1, item.infohash_v2) if infohash}
            yield item


def settings_of(file: Path, read: Callable[[Path], ForeignSettings]) -> tuple[ForeignSettings | None, list[NotTaken]]:
    """Return the settings of a file, or why it has none."""
    try:
        return read(file), []
    except (OSError, ValueError, RecursionError) as error:
        return None, [NotTaken(file.name, f"the settings cannot be read: {error}")]


def identity_of(file: Path) -> tuple[ForeignIdentity | None, list[NotTaken]]:
    """Return the key of a file, or why it has none."""
    try:
        return identity.read_identity(file), []
    except FileNotFoundError:
        return None, []
    except (OSError, ValueError) as error:
        return None, [NotTaken(file.name, f"the key cannot be read: {error}")]


def key_of(found: ForeignIdentity | None) -> Iterator[Item]:
    """Yield the key, if there is one."""
    if found is not None:
        yield ForeignRecords(kind=identity.KIND, values=(found,))


def entries_of(file: Path, own: metadata.Own) -> Iterator[Item]:
    """Yield what stands in a metadata database."""

    def read(database: Database) -> Iterator[Item]:
        yield from metadata.read_entries(database, own)
        if failing := metadata.failing_trackers(database):
            yield NotTaken(f"the state of trackers ({failing})", "which of them answer is learned anew")

    yield from _read(file, "ChannelNode", read)


def tags_of(file: Path) -> dict[bytes, tuple[str, ...]]:
    """Return the tags of torrents in a metadata database of version 8; what is wrong with it is told by others."""
    try:
        with opened(file) as database:
            return dict(metadata.tags_of(database))
    except sqlite3.DatabaseError:
        return {}


def statements_of(version: Path) -> Iterator[Item]:
    """Yield what was said about torrents, in whichever database a version 7 keeps it."""
    for name in ("knowledge.db", "tribler.db"):
        if (file := version / "sqlite" / name).exists():
            yield from _read(file, "Statement", statements.read_statements)


def ledger_of(version: Path, found: ForeignIdentity | None) -> Iterator[Item]:
    """Yield the ledger of a version 7, which 7.14 has not."""
    if (file := version / "sqlite" / "bandwidth.db").exists():
        owner = identity.full_public_key(found) if found is not None else b""
        yield from _read(file, "BandwidthTransaction", lambda database: ledger.read_ledger(database, owner))


def left_in(*folders: Path) -> Iterator[Item]:
    """Yield what is not taken over of what there is."""
    for name, reason in LEFT.items():
        if any((folder / name).exists() for folder in folders):
            yield NotTaken(name, reason)


def _read(file: Path, table: str, read: Callable[[Database], Iterable[Item]]) -> Iterator[Item]:
    name = f"{file.parent.name}/{file.name}"
    try:
        with opened(file) as database:
            if table not in database.tables():
                yield NotTaken(name, f"it is damaged: it has no table {table}")
                return
            if database.damage:
                yield NotTaken(name, f"it is damaged: {database.damage}; what can be read of it is taken over")
            yield from read(database)
    except sqlite3.DatabaseError as error:
        yield NotTaken(name, f"it cannot be read: {error}")
