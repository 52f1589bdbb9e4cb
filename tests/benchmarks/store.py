"""What the store costs beside LMDB alone: durable writes in a second, and the time of one read.

The bounds are ratios of one run; the absolute figures depend on the disk.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
import msgspec
from rig import report

from triblerd.config import StoreConfig
from triblerd.store import Store, Table, Transaction
from triblerd.store_engine import Handle

SEQUENTIAL = 300
CONCURRENT = 10_000
READS = 100_000
RECORDS = 10_000
CLIENTS = 8


class Row(msgspec.Struct, array_like=True):
    """A record of the size of a download's row."""

    name: str
    size: int
    note: str


ROW = Row("A name as torrents have them (2024) 1080p", 1 << 32, "x" * 300)
VALUE = msgspec.msgpack.encode(ROW)


@contextmanager
def raw_lmdb(folder: Path) -> Iterator[tuple[lmdb.Environment, Handle]]:
    """Yield LMDB as the store opens it."""
    env = lmdb.open(str(folder), map_size=1 << 40, max_dbs=128, lib_version=0)
    try:
        yield env, env.open_db(b"row")
    finally:
        env.close()


def key_of(number: int) -> bytes:
    """Return a key of the length of an infohash."""
    return number.to_bytes(20)


def seconds(function: Callable[[], object]) -> float:
    """Return the time that one call takes, the best of three: the machine does other things too."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)


def measure_raw(folder: Path) -> tuple[float, float, float]:
    """Return the seconds of a durable put, of a put among many in one transaction, and of a read."""
    with raw_lmdb(folder) as (env, database):

        def one_by_one() -> None:
            for number in range(SEQUENTIAL):
                with env.begin(database, write=True) as transaction:
                    transaction.put(key_of(number), VALUE)

        def as_one() -> None:
            with env.begin(database, write=True) as transaction:
                for number in range(CONCURRENT):
                    transaction.put(key_of(number), VALUE)

        def reads() -> None:
            for number in range(READS):
                with env.begin(database) as transaction:
                    transaction.get(key_of(number % RECORDS))

        return seconds(one_by_one) / SEQUENTIAL, seconds(as_one) / CONCURRENT, seconds(reads) / READS


async def timed_puts(table: Table[Row], count: int, clients: int) -> float:
    """Return the seconds for each put when so many clients put one after the other."""

    async def client(first: int) -> None:
        for number in range(first, count, clients):
            await table.put(key_of(number), ROW)

    times = []
    for _ in range(3):
        began = time.perf_counter()
        await asyncio.gather(*(client(first) for first in range(clients)))
        times.append(time.perf_counter() - began)
    return min(times) / count


async def measure_store(folder: Path) -> tuple[float, float, float, float, float]:
    """Return the seconds of a put by one client, by a few, by very many, of a raw read and of a decoded one."""
    async with Store(folder, StoreConfig()) as store:
        rows = await store.view("bench").table("row", Row)
        raw = await store.view("bench").table("raw", bytes)
        alone = await timed_puts(rows, SEQUENTIAL, 1)
        few = await timed_puts(rows, SEQUENTIAL * CLIENTS, CLIENTS)
        many = await timed_puts(rows, CONCURRENT, CONCURRENT)

        def fill(transaction: Transaction) -> None:
            for number in range(RECORDS):
                transaction.put(raw, key_of(number), VALUE)

        await store.view("bench").write(fill)

        def reads(table: Table[Any]) -> Callable[[], None]:
            def read() -> None:
                for number in range(READS):
                    table.get(key_of(number % RECORDS))

            return read

        return alone, few, many, seconds(reads(raw)) / READS, seconds(reads(rows)) / READS


def main() -> None:
    """Report the figures."""
    with tempfile.TemporaryDirectory() as folder:
        raw_put, raw_batched, raw_get = measure_raw(Path(folder) / "raw")
        alone, few, many, get_bytes, get_row = asyncio.run(measure_store(Path(folder) / "store"))
    for name, ours, raw, about, bound in (
        ("store: puts, one client", alone, raw_put, "LMDB, a commit each", 3.0),
        (f"store: puts, {CLIENTS} clients", few, raw_put, "LMDB, a commit each", 0.6),
        (f"store: puts, {CONCURRENT} at once", many, raw_batched, "LMDB, one commit", 30.0),
        ("store: reads of bytes", get_bytes, raw_get, "LMDB", 3.0),
        ("store: reads of structs", get_row, raw_get, "LMDB, not decoded", 5.0),
    ):
        report(
            name,
            f"{1 / ours:,.0f} /s",
            baseline=f"{about}: {1 / raw:,.0f} /s, x{ours / raw:.2f} of its time",
            target=f"<= {bound:g} x",
            ok=ours / raw <= bound,
        )


if __name__ == "__main__":
    main()
