"""A metadata store with its lists, without a daemon."""

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from pyroaring import BitMap

from tests.plugins.catalog import open_metadata
from triblerd.tasks import Tasks
from triblerd.testing import wait_for
from triblerd_metadata.entries import Items
from triblerd_metadata.lists.kept_orders import KeptOrders
from triblerd_metadata.lists.listing import EntryLists
from triblerd_metadata.lists.orders import RowView
from triblerd_metadata.lists.popular import Popular
from triblerd_metadata.values import Health

INFOHASHES = (*(bytes([number]) * 20 for number in range(12)), b"\x03" * 19 + b"\x04")
TAGGED = frozenset(INFOHASHES[2:4])


class Tagged:
    """The knowledge of some torrents: each carries the tags ``linux`` and ``live``."""

    def __init__(self, metadata):
        self._metadata = metadata

    def shown(self, infohash):  # noqa: ARG002
        return []

    def tagged(self, tags):
        found = (entry for infohash in TAGGED for entry in self._metadata.by_infohash(infohash))
        return BitMap(entry.rowid for entry in found if set(tags) <= {"linux", "live"})


class Bench:
    """A store with its lists."""

    def __init__(self, metadata, now):
        tagged = Tagged(metadata)
        self.metadata = metadata
        self.seconds = 0.0
        self.failures: list[object] = []
        self.tasks = Tasks("test", lambda name, error: self.failures.append((name, error)))
        self.orders = KeptOrders(source=metadata, texts=metadata, tasks=self.tasks, clock=lambda: self.seconds)
        popular = Popular()
        self.lists = EntryLists(
            metadata=metadata,
            orders=self.orders,
            popular=popular,
            items=Items(entries=metadata, downloads=lambda: None, statements=lambda: tagged),
            statements=lambda: tagged,
            text_index=lambda: None,
            now=lambda: now,
        )
        metadata.watch(self.orders)
        metadata.watch(popular)

    async def do(self, step):
        if isinstance(step, list):
            await self.metadata.add(step)
        elif isinstance(step, Health):
            await self.metadata.report_health([step])
        elif (entry := self.metadata.entry(step)) is not None:
            await self.metadata.run(lambda batch: batch.delete(entry))

    async def view(self, column):
        if column is None:
            return RowView(self.metadata.columns.alive)
        return await wait_for(lambda: self.orders.view(column))

    def everything(self):
        return list(self.metadata.walk())


@asynccontextmanager
async def open_bench(now, folder=None):
    """Open a store, by default an empty one."""
    with tempfile.TemporaryDirectory() as empty:
        async with open_metadata(folder or Path(empty) / "store") as metadata:
            bench = Bench(metadata, now)
            yield bench
            await bench.tasks.close()
            assert bench.failures == []
