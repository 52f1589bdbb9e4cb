"""A process of its own for the tests of the store: ``store_child.py <what> <folder>``.

It is killed, limited or starved of disk, which its parent, the test run, cannot be.
"""

import asyncio
import contextlib
import os
import resource
import sys
import threading
from pathlib import Path

from triblerd.config import StoreConfig
from triblerd.errors import TriblerdError
from triblerd.state_dir import StateDirectory
from triblerd.store import Store, StoreFullError

MIB = 1 << 20


def say(*words: object) -> None:
    """Tell the parent."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def count(folder: Path) -> None:
    """Write numbers with four tasks, for ever; say each one once it is confirmed. Two tables change in one job."""
    async with Store(folder, StoreConfig()) as store:
        view = store.view("test")
        numbers, totals = await view.table("number", bytes), await view.table("total", bytes)

        async def writer(lane: int) -> None:
            number = int.from_bytes(totals.get(bytes([lane])) or b"")
            while True:
                number += 1
                key = bytes([lane]) + number.to_bytes(8)

                def job(transaction, key=key, number=number):
                    transaction.put(numbers, key, os.urandom(number % 3000))
                    transaction.put(totals, key[:1], number.to_bytes(8))

                await view.write(job)
                os.write(1, key)

        await asyncio.gather(*(writer(lane) for lane in range(4)))


def map_size(store: Store) -> int:
    """Return the size of the open store's map."""
    assert store._engine is not None
    return store._engine.map_size


async def grow(folder: Path) -> None:
    """Open where the process may have few addresses; then let the map grow while another thread scans."""
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    async with Store(folder, StoreConfig()) as store:
        affordable = map_size(store)
    async with Store(folder, StoreConfig(map_size=16 * MIB)) as store:
        table = await store.view("test").table("blob", bytes)
        stop = threading.Event()

        def scan() -> None:
            while not stop.wait(0.001):
                for key, value in table.items():
                    assert (value[:8], len(value)) == (key, MIB)

        scanning = asyncio.create_task(asyncio.to_thread(scan))
        for number in range(60):
            await table.put(number.to_bytes(8), number.to_bytes(8) * (MIB // 8))
        stop.set()
        await scanning
        say(affordable // MIB, map_size(store) // MIB, table.count())


async def fill(folder: Path) -> None:
    """Write until there is no room; then show that the store still reads, deletes and writes."""
    async with Store(folder, StoreConfig()) as store:
        table = await store.view("test").table("blob", bytes)
        await table.put(b"first", b"kept")
        written = 0
        with contextlib.suppress(StoreFullError):
            while True:
                await table.put(written.to_bytes(8), bytes(100_000))
                written += 1
        assert table.count() == written + 1
        for number in range(written):
            await table.delete(number.to_bytes(8))
        await table.put(b"last", bytes(100_000))
        say(written, (table.get(b"first") or b"").decode(), len(table.get(b"last") or b""))


async def fill_limited(folder: Path) -> None:
    """The same where the file itself may not grow."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))
    await fill(folder)


async def lock(folder: Path) -> None:
    """Hold a state directory until killed."""
    with StateDirectory(folder).locked():
        say("locked")
        await asyncio.sleep(60)


async def lock_as_nobody(folder: Path) -> None:
    """Try to use a directory of somebody else."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        with StateDirectory(folder).locked():
            say("locked")
    except TriblerdError as error:
        say(error)


if __name__ == "__main__":
    what, where = sys.argv[1:]
    asyncio.run(globals()[what](Path(where)))
