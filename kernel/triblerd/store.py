"""The store: one LMDB environment for everything that the daemon learns, with a typed view of it for each plugin.

A value is one version byte and then msgpack, or plain bytes. A read takes microseconds and happens directly, also on
the event loop; writes go to one thread, which commits everything that waits in one transaction and answers when it is
on disk. ``kill -9`` at any moment loses nothing that was answered.

The file is checked before LMDB touches it (see ``triblerd.store_check`` for what that finds, and what it cannot).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from triblerd.config import StoreConfig
from triblerd.store_backup import back_up, back_up_when_due
from triblerd.store_check import check, check_before_open, forget_mark, mark_clean
from triblerd.store_codec import Codec, codec_of
from triblerd.store_engine import Engine, Handle, RawCursor, RawTransaction, data_file
from triblerd.store_errors import (
    BadRecordError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    UnknownVersionError,
    explain,
)
from triblerd.store_figures import StoreFigures
from triblerd.store_writer import Writer

__all__ = [
    "BadRecordError",
    "Store",
    "StoreDamagedError",
    "StoreError",
    "StoreFormatError",
    "StoreFullError",
    "StoreView",
    "Table",
    "Transaction",
    "UnknownVersionError",
    "check_store",
]

V = TypeVar("V")
R = TypeVar("R")

_MAX_VERSION = 127
"""The byte of a version is a number in MessagePack, too."""


class Table(Generic[V]):
    """One ordered map from keys of 1 to 511 bytes to values of one type. Reading is allowed from any thread.

    Attributes:
        handle: What LMDB calls the table; for the store itself.
        codec: How values are written; for the store itself.
    """

    def __init__(self, engine: Engine, writer: Writer, handle: Handle, codec: Codec[V]) -> None:
        self._engine = engine
        self._writer = writer
        self.handle = handle
        self.codec = codec

    @property
    def name(self) -> str:
        """The full name, ``<plugin>/<name>``."""
        return self.codec.table

    def get(self, key: bytes) -> V | None:
        """Return the value of ``key``, or ``None``. Takes microseconds.

        Raises:
            UnknownVersionError: the value was written by another version of the plugin.
            BadRecordError: the value does not have the table's type.
        """
        data = self._engine.get(self.handle, key)
        return None if data is None else self.codec.decode(data)

    def items(self, prefix: bytes = b"", *, start: bytes = b"") -> Iterator[tuple[bytes, V]]:
        """Yield the keys that begin with ``prefix``, in order, and their values, all of one moment.

        A large scan belongs in a thread, and no scan spans an ``await``: it keeps the store from using pages again.

        Args:
            prefix: Of all keys when it is empty.
            start: Begin at this key, or the next one that there is.
        """
        with self._engine.scan() as transaction:
            for key, data in _scan(transaction, self.handle, prefix, start):
                yield key, self.codec.decode(data)

    def keys(self, prefix: bytes = b"") -> Iterator[bytes]:
        """Yield the keys that begin with ``prefix``, in order; the same rules as for ``items``."""
        with self._engine.scan() as transaction:
            for key, _ in _scan(transaction, self.handle, prefix):
                yield key

    def some(self, start: bytes, most: int) -> tuple[list[bytes], list[V]]:
        """Return keys in order, from ``start`` or the next one that there is, and their values.

        Quicker than ``items``, since values are decoded together: a million in less than a second.

        Args:
            start: The first key; with an empty one, the first of all.
            most: How many, at most.
        """
        with self._engine.scan() as transaction:
            found = list(islice(_scan(transaction, self.handle, b"", start), most))
        return [key for key, _ in found], self.codec.decode_all([data for _, data in found])

    def stored(self, at_once: int) -> Iterator[list[tuple[bytes, bytes]]]:
        """Yield all keys in order, and their values as they are stored, version byte and all, in lists.

        For tables whose values are read together, as one array: a million in half a second. For a thread.

        Args:
            at_once: Keys in a list.
        """
        with self._engine.scan() as transaction:
            cursor = iter(transaction.cursor(self.handle))
            while items := list(islice(cursor, at_once)):
                yield items

    def count(self) -> int:
        """Return the number of keys. Takes microseconds, whatever the number."""
        return self._engine.count(self.handle)

    async def put(self, key: bytes, value: V) -> None:
        """Set the value of ``key``, as the value is now; on disk when this returns.

        Raises:
            StoreFullError: there is no room; nothing was changed.
        """
        data = self.codec.encode(value)
        await self._writer.run(lambda transaction: transaction.put(key, data, db=self.handle))

    async def delete(self, key: bytes) -> bool:
        """Remove ``key`` and return whether it was there; on disk when this returns."""
        return await self._writer.run(lambda transaction: transaction.delete(key, db=self.handle))


class Transaction:
    """Several reads and changes, of any tables of any plugins, that happen as one. Valid while its job runs."""

    def __init__(self, raw: RawTransaction) -> None:
        self._raw = raw
        self._finders: dict[str, RawCursor] = {}

    def get(self, table: Table[V], key: bytes) -> V | None:
        """Return the value of ``key``, changes of this transaction included, or ``None``."""
        data = self._raw.get(key, db=table.handle)
        return None if data is None else table.codec.decode(data)

    def get_many(self, table: Table[V], keys: Iterable[bytes]) -> list[V | None]:
        """Return the value of each key, ``None`` where there is none; quicker than one by one."""
        found = [*map(self._raw.get, keys, repeat(None), repeat(table.handle))]
        values = table.codec.decode_all([data for data in found if data is not None])
        if len(values) == len(found):
            return list(values)
        waiting = iter(values)
        return [None if data is None else next(waiting) for data in found]

    def first_key(self, table: Table[Any], prefix: bytes) -> bytes | None:
        """Return the first key that begins with ``prefix``; quicker than ``keys`` where most prefixes have none."""
        cursor = self._finders.get(table.name)
        if cursor is None:
            cursor = self._finders[table.name] = self._raw.cursor(table.handle)
        if not cursor.set_range(prefix):
            return None
        key = cursor.key()
        return key if key.startswith(prefix) else None

    def put(self, table: Table[V], key: bytes, value: V) -> None:
        """Set the value of ``key``."""
        self._raw.put(key, table.codec.encode(value), db=table.handle)

    def put_many(self, table: Table[V], items: Iterable[tuple[bytes, V]], *, append: bool = False) -> None:
        """Set the values of many keys, several times as fast as one by one.

        Args:
            table: Where they go.
            items: Keys and values, quickest in the order of their keys.
            append: Each key is greater than the one before it and than all in the table. Pages are filled to the end
                then, where keys in between would leave every other one half empty.

        Raises:
            ValueError: ``append`` was said of keys that are not in order.
        """
        head, encode = table.codec.head, table.codec.encode_body
        given, added = self._raw.cursor(table.handle).putmulti(
            ((key, head + encode(value)) for key, value in items), append=append
        )
        if append and given != added:
            msg = f"a key to append to {table.name} is not greater than the one before"
            raise ValueError(msg)

    def delete(self, table: Table[Any], key: bytes) -> bool:
        """Remove ``key`` and return whether it was there."""
        return self._raw.delete(key, db=table.handle)

    def clear(self, table: Table[Any]) -> None:
        """Remove all keys of a table; quicker than one by one."""
        self._finders.pop(table.name, None)
        self._raw.drop(table.handle, delete=False)

    def count(self, table: Table[Any]) -> int:
        """Return the number of keys of a table."""
        return self._raw.stat(table.handle)["entries"]

    def items(self, table: Table[V], prefix: bytes = b"", *, start: bytes = b"") -> Iterator[tuple[bytes, V]]:
        """Yield the keys that begin with ``prefix``, from ``start`` on, in order, and their values."""
        for key, data in _scan(self._raw, table.handle, prefix, start):
            yield key, table.codec.decode(data)

    def keys(self, table: Table[Any], prefix: bytes = b"") -> Iterator[bytes]:
        """Yield the keys that begin with ``prefix``, in order."""
        for key, _ in _scan(self._raw, table.handle, prefix):
            yield key


class StoreView:
    """One plugin's part of the store.

    Args:
        plugin: The first part of the names of its tables.
        engine: Where it reads.
        writer: Where it writes.
    """

    def __init__(self, plugin: str, engine: Engine, writer: Writer) -> None:
        self._plugin = plugin
        self._engine = engine
        self._writer = writer

    async def table(self, name: str, kind: type[V], *, version: int = 1) -> Table[V]:
        """Return the table ``<plugin>/<name>``, which is made when it is missing.

        Args:
            name: The table's own name.
            kind: A struct type (``array_like=True`` keeps its records small), or ``bytes`` for values kept as they are.
            version: Of the values that are written; between 0 and 127. Values of another version are not read.
        """
        if not 0 <= version <= _MAX_VERSION:
            msg = f"the version of a table is between 0 and {_MAX_VERSION}, not {version}"
            raise ValueError(msg)
        full_name = f"{self._plugin}/{name}"
        handle = await self._writer.call(lambda: self._engine.open_table(full_name.encode()))
        return Table(self._engine, self._writer, handle, codec_of(full_name, kind, version))

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Have a transaction that reads many values, all of one moment, and changes nothing. Allowed in any thread.

        The same holds as for ``Table.items``: what is long belongs in a thread, and it spans no ``await``.
        """
        with self._engine.scan() as raw:
            yield Transaction(raw)

    async def write(self, job: Callable[[Transaction], R]) -> R:
        """Run ``job`` in one transaction and return its result; on disk when this returns.

        The job runs on the writer's thread, in one commit with what else waits. It changes nothing but the
        transaction, for it may be run twice: when another job of the same commit fails, each is run again alone.
        When it raises, nothing of it is kept and the error comes out here. A caller that is cancelled stops waiting;
        the job is done as a whole all the same.

        Raises:
            StoreFullError: there is no room; nothing was changed.
        """
        return await self._writer.run(lambda raw: job(Transaction(raw)))


class Store:
    """The daemon's store, used by ``async with``, or by ``open`` and ``close``.

    Args:
        path: The folder that holds the data file, made when it is missing. Nobody else has it open.
        config: The ``[store]`` section.
    """

    def __init__(self, path: Path, config: StoreConfig) -> None:
        self._path = path
        self._config = config
        self._engine: Engine | None = None
        self._writer: Writer | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Check what is there and open it, or make an empty store.

        Raises:
            StoreDamagedError: the file is truncated or rubbish; it was not changed.
            StoreFormatError: the file is not one that this version reads; it was not changed.
            StoreError: the disk is full, or the folder cannot be used.
        """
        self._engine = await asyncio.to_thread(_open, self._path, self._config.map_size)
        self._writer = Writer(self._engine)

    async def close(self) -> None:
        """Write what waits, and close. A second call changes nothing."""
        if self._engine is None or self._writer is None:
            return
        engine, self._engine = self._engine, None
        await self._writer.close()
        await asyncio.to_thread(_close, engine)

    def view(self, plugin: str) -> StoreView:
        """Return a plugin's part of the store."""
        engine, writer = self._opened()
        return StoreView(plugin, engine, writer)

    def figures(self) -> StoreFigures:
        """Return what was written so far, and how large the store is. From any thread; some microseconds a table."""
        _, writer = self._opened()
        return writer.figures()

    def owners(self) -> set[str]:
        """Return the plugins that have tables."""
        engine, _ = self._opened()
        return {name.partition("/")[0] for name in engine.table_names()}

    async def backup(self, target: Path) -> int:
        """Write a copy of the store, as it is now, to a new file, and return its size in bytes.

        Raises:
            StoreError: the file exists, or cannot be written; nothing of it stays.
        """
        engine, _ = self._opened()
        return await asyncio.to_thread(back_up, engine, target)

    async def backup_when_due(self) -> Path | None:
        """Write an automatic backup copy if the newest one is old enough, and remove the oldest.

        Returns:
            The copy in ``backups`` beside the store's folder, or ``None`` when none was due.
        """
        engine, _ = self._opened()
        interval, kept = self._config.backup_interval, self._config.backups_kept
        if not interval:
            return None
        return await asyncio.to_thread(back_up_when_due, engine, interval=interval, kept=kept)

    def _opened(self) -> tuple[Engine, Writer]:
        if self._engine is None or self._writer is None:
            msg = "The store is not open"
            raise StoreError(msg)
        return self._engine, self._writer


def check_store(path: Path) -> list[str]:
    """Walk the whole store in the folder ``path``, which nobody has open, and return every problem found.

    A store that does not exist yet has no problems.
    """
    file = data_file(path)
    return check(file) if file.exists() else []


def _open(folder: Path, map_size: int) -> Engine:
    file = data_file(folder)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if file.exists():
            check_before_open(file)
            forget_mark(file)
    except OSError as error:
        raise explain(error, file) from error
    return Engine(folder, map_size)


def _close(engine: Engine) -> None:
    engine.close()
    with suppress(OSError):  # without the mark the next start checks the file, which is all that is lost
        mark_clean(engine.path)


def _scan(
    transaction: RawTransaction, handle: Handle, prefix: bytes, start: bytes = b""
) -> Iterator[tuple[bytes, bytes]]:
    cursor = transaction.cursor(handle)
    if not cursor.set_range(max(prefix, start)):
        return
    for key, data in cursor:
        if not key.startswith(prefix):
            return
        yield key, data
