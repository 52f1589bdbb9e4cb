"""A process of its own that changes a metadata store until it is killed: ``store_child.py <folder> <seed>``.

It says the infohash of each entry once it is confirmed, 20 bytes each.
"""

import asyncio
import os
import sys
import time
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from tests.plugins.catalog import open_metadata
from triblerd_metadata.batch import Batch
from triblerd_metadata.store import Metadata
from triblerd_metadata.testing import iter_torrents
from triblerd_metadata.values import Entry, Health, NewEntry

KEY = b"\x05" * 64


async def add(metadata: Metadata, seed: int) -> None:
    """Add batches of unsigned torrents, every third of them with a further, signed record."""
    torrents = iter_torrents(seed=seed)
    while batch := list(islice(torrents, 60)):
        await metadata.add([*batch, *(_signed(entry, number) for number, entry in enumerate(batch[::3]))])
        os.write(1, b"".join(entry.infohash for entry in batch))


def _signed(entry: NewEntry, number: int) -> NewEntry:
    # The same twenty ids again and again: nearly all of them replace another one, in another category.
    return msgspec.structs.replace(
        entry,
        public_key=KEY,
        id=number + 1,
        origin_id=number % 3,
        timestamp=time.time_ns() // 1000,
        signature=b"\x06" * 64,
        category=f"category {time.time_ns() % 50}",
    )


async def report(metadata: Metadata) -> None:
    """Report the health of what is there."""
    while True:
        entries = metadata.entries(range(max(1, metadata.last_rowid() - 50), metadata.last_rowid() + 1))
        now = int(time.time())
        await metadata.report_health(
            [Health(infohash=entry.infohash, seeders=7, checked=now, self_checked=True) for entry in entries]
        )
        await asyncio.sleep(0)


async def come_and_go(metadata: Metadata) -> None:
    """Add a signed entry and delete it again, mostly the newest one there is."""
    gone = NewEntry(title="gone", infohash=b"\x09" * 20, public_key=KEY, id=99)
    while True:
        [added] = await metadata.add([msgspec.structs.replace(gone, timestamp=time.time_ns())])
        entry = added.entry
        assert entry is not None
        await metadata.run(partial(_delete, entry=entry))


def _delete(batch: Batch, entry: Entry) -> None:
    batch.delete(entry)


async def main(folder: Path, seed: int) -> None:
    """Do all of it at once."""
    async with open_metadata(folder) as metadata:
        await asyncio.gather(add(metadata, seed), report(metadata), come_and_go(metadata))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
