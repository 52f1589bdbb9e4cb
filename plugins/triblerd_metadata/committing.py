"""One commit at a time: what is asked for meanwhile waits together, and is committed together."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from triblerd.store import StoreView, Transaction
from triblerd_metadata.api import Follower
from triblerd_metadata.batch import Batch, Counters
from triblerd_metadata.categories import Categories
from triblerd_metadata.column_table import ColumnTable
from triblerd_metadata.tables import Tables

R = TypeVar("R")
Operation = Callable[[Batch], R]
_Waiting = list[tuple[Operation[Any], asyncio.Future[Any]]]


class Committer:
    """Writes changes to disk, then to what is in memory, in the same order.

    Args:
        store: The plugin's part of the store.
        tables: Its tables.
        columns: Changed after each commit, on the event loop's thread, as ``categories``.
        categories: The categories.

    Attributes:
        followers: Who writes along.
        counters: What is counted, as it was at the last commit.
    """

    def __init__(self, store: StoreView, tables: Tables, columns: ColumnTable, categories: Categories) -> None:
        self._store = store
        self._tables = tables
        self._columns = columns
        self._categories = categories
        self._waiting: _Waiting = []
        self._draining: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_due = False
        self.followers: list[Follower] = []
        self.counters = Counters()

    async def run(self, operation: Operation[R], *, within: float = 0.0) -> R:
        """Run an operation on a batch, and return its result when that is on disk and in memory.

        It begins as soon as the commit that is under way has ended; of one that has the time, ``within`` so many
        seconds, or with the next one that does not.

        It runs on the store's thread, maybe twice, and changes nothing but the batch. When it raises, nothing of it is
        kept, and the error comes out here. A caller that is cancelled stops waiting; the operation is done all the
        same.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[R] = loop.create_future()
        self._waiting.append((operation, done))
        if within <= 0:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(within, self._start)
        return await done

    async def close(self) -> None:
        """Commit what waits."""
        if self._waiting:
            self._start()
        if self._draining is not None:
            await asyncio.shield(self._draining)

    def _start(self) -> None:
        self._is_due = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain(), name="metadata.committer")

    async def _drain(self) -> None:
        try:
            while self._is_due:
                self._is_due = False
                waiting, self._waiting = self._waiting, []
                try:
                    await self._commit(waiting)
                except Exception as error:  # noqa: BLE001 - a border: the error goes to who gave the operation
                    if len(waiting) == 1:
                        _fail(waiting[0][1], error)
                    else:
                        await self._commit_each(waiting)
        finally:
            self._draining = None

    async def _commit_each(self, waiting: _Waiting) -> None:
        for one in waiting:
            try:
                await self._commit([one])
            except Exception as error:  # noqa: BLE001 - as above
                _fail(one[1], error)

    async def _commit(self, waiting: _Waiting) -> None:
        operations = [operation for operation, _ in waiting]
        batch, results = await self._store.write(lambda transaction: self._write(transaction, operations))
        self._categories.append(batch.new_categories)
        self.counters = batch.counters
        self._columns.apply(batch.counters.last_rowid, batch.fixed, batch.placed, batch.changes)
        for (_, done), result in zip(waiting, results, strict=True):
            if not done.done():  # whoever waited was cancelled
                done.set_result(result)

    def _write(self, transaction: Transaction, operations: Sequence[Operation[Any]]) -> tuple[Batch, list[Any]]:
        batch = Batch(
            transaction,
            tables=self._tables,
            columns=self._columns.current,
            categories=self._categories,
            counters=self.counters,
        )
        results = [operation(batch) for operation in operations]
        batch.write(self.followers)
        return batch, results


def _fail(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
