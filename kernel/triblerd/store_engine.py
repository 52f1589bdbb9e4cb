"""LMDB as the store uses it: open with room to grow, read from any thread, commit jobs from one."""

import mmap
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import lmdb

from triblerd.store_errors import StoreError, StoreFormatError, StoreFullError, explain
from triblerd.store_figures import TableFigures

Handle: TypeAlias = lmdb._Database  # noqa: SLF001 - the binding has no public name for it
RawTransaction: TypeAlias = "lmdb.Transaction[bytes]"
RawCursor: TypeAlias = "lmdb.Cursor[bytes]"
RawJob: TypeAlias = Callable[[RawTransaction], object]
T = TypeVar("T")

_LIB_VERSION = 0  # the 0.9 engine; said explicitly, since the environment could choose another, with another format
_MAX_TABLES = 128
_DATA_FILE = "data.mdb"  # the names that LMDB's own tools expect in a folder
_LOCK_FILE = "lock.mdb"
_LOCK_FILE_SIZE = 8192  # with LMDB's default of 126 readers
_LAYOUT_TABLE = b"kernel/store"
_LAYOUT_KEY = b"layout"
_LAYOUT = b"\x01"  # how tables are named and values begin; a store of another layout is not opened
_LEAST_MAP = 16 << 20
_COPY_BEGINS_SECONDS = 0.001
_SHARE_OF_ADDRESS_SPACE = 8  # where addresses are limited, the rest of the process needs the other seven parts
_READERS_GRACE = 3.0  # seconds that a growing map waits for the scans of other threads to end


@dataclass(frozen=True)
class Outcome:
    """What became of a job: its result, or the error that it raised."""

    result: object = None
    error: BaseException | None = None


class Engine:
    """One LMDB environment, open.

    ``commit`` and ``open_table`` belong to one thread, the writer's; everything else may be called from any thread.

    Args:
        folder: Holds the data file and LMDB's lock file; both are made when missing. Nobody else has it open, and what
            is there has been checked.
        map_size: Bytes of address space to reserve. Less is taken where addresses are limited; the map then grows.

    Raises:
        StoreError: it cannot be opened; ``StoreFormatError`` when it is not a store of this layout.
    """

    def __init__(self, folder: Path, map_size: int) -> None:
        self._path = data_file(folder)
        try:
            if not self._path.exists():
                _make(self._path)
            _reserve_lock_file(folder / _LOCK_FILE)
            self._env = _open(folder, _affordable(self._path, map_size))
        except (OSError, lmdb.Error) as error:
            raise explain(error, self._path) from error
        try:
            self._require_layout()
        except BaseException:
            self._env.close()
            raise
        # Held for the microseconds of one read and while the map moves: a read must not look at a map that is going.
        self._gate = threading.Lock()
        self._moved = threading.Condition(self._gate)
        self._scans: dict[int, int] = {}  # how many, by thread
        self._grows = False
        self._copying = threading.Lock()
        self._writing = threading.Lock()
        self._tables: dict[str, Handle] = {}

    @property
    def path(self) -> Path:
        """The data file."""
        return self._path

    @property
    def map_size(self) -> int:
        """The bytes of address space that are reserved now."""
        return self._env.info()["map_size"]

    def get(self, table: Handle, key: bytes) -> bytes | None:
        """Return the value of ``key``, or ``None``."""
        try:
            with self._gate, self._env.begin(table) as transaction:
                return transaction.get(key)
        except lmdb.Error as error:
            raise explain(error, self._path) from error

    def count(self, table: Handle) -> int:
        """Return the number of keys of a table."""
        try:
            with self._gate, self._env.begin(table) as transaction:
                return transaction.stat(table)["entries"]
        except lmdb.Error as error:
            raise explain(error, self._path) from error

    @contextmanager
    def scan(self) -> Iterator[RawTransaction]:
        """Yield a transaction that sees the store as it is now, whatever is written meanwhile."""
        thread = threading.get_ident()
        with self._gate:
            # Back-to-back scans of one thread would keep the map from ever growing. A scan inside of another one goes
            # on, since that one ends only after it.
            if self._grows:
                self._moved.wait_for(lambda: not self._grows or thread in self._scans)
            self._scans[thread] = self._scans.get(thread, 0) + 1
        try:
            with self._env.begin() as transaction:
                yield transaction
        except lmdb.Error as error:
            raise explain(error, self._path) from error
        finally:
            with self._gate:
                if left := self._scans.pop(thread) - 1:
                    self._scans[thread] = left
                if self._grows:
                    self._moved.notify_all()

    def table_names(self) -> list[str]:
        """Return the full names of all tables that there are, sorted."""
        with self.scan() as transaction:
            # The table without a name holds the names of the others; there is nothing else in ours.
            return [key.decode() for key in transaction.cursor().iternext(keys=True, values=False)]

    def open_table(self, name: bytes) -> Handle:
        """Return the handle of a table, which is made when it is missing."""
        try:
            handle = self._with_room(lambda: self._env.open_db(name))
        except lmdb.DbsFullError as error:
            msg = f"The store has {_MAX_TABLES} tables, and there is no room for another one"
            raise StoreError(msg) from error
        except lmdb.Error as error:
            raise explain(error, self._path) from error
        self._tables[name.decode()] = handle
        return handle

    def tables(self) -> list[TableFigures]:
        """Return the size of each table that was opened, sorted by name."""
        with self.scan() as transaction:
            stats = [(name, transaction.stat(handle)) for name, handle in sorted(self._tables.items())]
        return [
            TableFigures(
                name=name,
                entries=stat["entries"],
                size=(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]) * stat["psize"],
            )
            for name, stat in stats
        ]

    def commit(self, jobs: Sequence[RawJob]) -> list[Outcome]:
        """Run all jobs in one transaction; each of them is on disk as a whole, or not at all, when this returns.

        When one raises, or the commit fails, nothing is kept and each job gets a transaction of its own.
        """
        try:
            return self._with_room(lambda: self._commit_once(jobs))
        except Exception as error:  # noqa: BLE001 - the border to other people's jobs; the error goes to who gave the job
            if len(jobs) > 1:
                return [outcome for job in jobs for outcome in self.commit([job])]
            return [Outcome(error=explain(error, self._path) if isinstance(error, lmdb.Error) else error)]

    def copy_to(self, descriptor: int) -> None:
        """Write the whole store, as it is now, to an open file."""
        # A plain copy: the compacting one of lmdb 3.0.0 crashes on some databases.
        with self._copying, ThreadPoolExecutor(1, "store-copy") as thread:
            # A copy waits for the transaction that writes to end. With lmdb 3.0.0 one that is given up waits for it,
            # too, for ever; so none is open until the copy has begun, which shows by its first bytes.
            with self._writing:
                copy = thread.submit(self._env.copyfd, descriptor)
                while not copy.done() and not os.fstat(descriptor).st_size:
                    time.sleep(_COPY_BEGINS_SECONDS)
            copy.result()

    def close(self) -> None:
        """Close the environment; reads fail from now on."""
        with self._copying, self._gate:
            self._env.close()

    def _commit_once(self, jobs: Sequence[RawJob]) -> list[Outcome]:
        with self._env.begin(write=True) as transaction:
            return [Outcome(job(transaction)) for job in jobs]

    def _with_room(self, change: Callable[[], T]) -> T:
        while True:
            try:
                with self._writing:
                    return change()
            except lmdb.MapFullError:
                self._grow()

    def _grow(self) -> None:
        """Double the map. Moving it ends every open reader, so none may be in the middle of something."""
        with self._copying, self._gate:
            self._grows = True
            try:
                self._moved.wait_for(lambda: not self._scans, _READERS_GRACE)
                self._move(self._env.info()["map_size"] * 2)
            finally:
                self._grows = False
                self._moved.notify_all()

    def _move(self, map_size: int) -> None:
        try:
            # LMDB lets go of the old map before it asks for the new one, and is lost when that one is refused.
            mmap.mmap(-1, map_size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ).close()
        except OSError as error:
            msg = f"The store {self._path} cannot grow: no room for {map_size} bytes of addresses ({error})"
            raise StoreFullError(msg) from error
        self._env.set_mapsize(map_size)

    def _require_layout(self) -> None:
        try:
            with self._env.begin() as transaction:
                found = transaction.get(_LAYOUT_KEY, db=self._env.open_db(_LAYOUT_TABLE, transaction, create=False))
        except lmdb.NotFoundError as error:
            msg = f"{self._path} was not written by triblerd. Nothing was changed."
            raise StoreFormatError(msg) from error
        except lmdb.Error as error:
            raise explain(error, self._path) from error
        if found != _LAYOUT:
            release = "a newer release" if found is not None and found > _LAYOUT else "another version"
            msg = f"The store {self._path} was written by {release} of triblerd. Nothing was changed."
            raise StoreFormatError(msg)


def data_file(folder: Path) -> Path:
    """Return the path of the data file in a store's folder."""
    return folder / _DATA_FILE


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    """Make an empty store. It has its name once it is whole, so an empty or short file is never ours."""
    unfinished = path.with_name("unfinished.mdb")
    lock = unfinished.with_name(f"{unfinished.name}-lock")
    unfinished.unlink(missing_ok=True)
    _reserve_lock_file(lock)
    env = lmdb.open(str(unfinished), subdir=False, max_dbs=1, mode=0o600, lib_version=_LIB_VERSION)
    try:
        with env.begin(write=True) as transaction:
            transaction.put(_LAYOUT_KEY, _LAYOUT, db=env.open_db(_LAYOUT_TABLE, transaction))
    finally:
        env.close()
        lock.unlink()
    unfinished.rename(path)
    sync_folder(path.parent)


def _reserve_lock_file(path: Path) -> None:
    """Give the lock file its room on disk. LMDB leaves a hole and maps it: on a full disk, a bus error."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, _LOCK_FILE_SIZE)
    finally:
        os.close(descriptor)


def _open(folder: Path, map_size: int) -> lmdb.Environment:
    while True:
        try:
            return lmdb.open(str(folder), map_size=map_size, max_dbs=_MAX_TABLES, mode=0o600, lib_version=_LIB_VERSION)
        except lmdb.MemoryError:
            if map_size <= _LEAST_MAP:
                raise
            map_size = max(map_size // 4, _LEAST_MAP)


def _affordable(path: Path, map_size: int) -> int:
    """Return ``map_size``, or less where the process may not have so many addresses."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return map_size
    present = path.stat().st_size
    return min(map_size, max(limit // _SHARE_OF_ADDRESS_SPACE, present * 2, _LEAST_MAP) // _LEAST_MAP * _LEAST_MAP)
