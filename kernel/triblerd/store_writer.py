"""One writer for the whole store: what waits together is committed together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar, cast

from triblerd.histogram import Histogram
from triblerd.store_engine import Engine, Outcome, RawJob, RawTransaction
from triblerd.store_errors import StoreError
from triblerd.store_figures import COMMIT_BOUNDS, StoreFigures

_LARGEST_BATCH = 2000  # jobs; one that fails sends all of its batch through single commits, 0.7 ms each

R = TypeVar("R")


class Writer:
    """Runs jobs on a thread of its own, all that wait in one transaction, so that an fsync serves many callers.

    Args:
        engine: What the jobs are committed to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "store-writer")
        self._waiting: list[tuple[RawJob, asyncio.Future[object]]] = []
        self._draining: asyncio.Task[None] | None = None
        self._closed = False
        self._commits = Histogram(COMMIT_BOUNDS)
        self._jobs = 0
        self._failed = 0

    async def run(self, job: Callable[[RawTransaction], R]) -> R:
        """Commit one job and return its result once it is on disk.

        A caller that is cancelled stops waiting; the job runs all the same, as a whole.
        """
        return cast("R", await self._accept(job))

    async def call(self, function: Callable[[], R]) -> R:
        """Run a function on the writer's thread, between two batches."""
        if self._closed:
            raise _closed_error()
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def figures(self) -> StoreFigures:
        """Return what was written so far, and how large the store is."""
        return StoreFigures(
            file_size=self._engine.path.stat().st_size,
            map_size=self._engine.map_size,
            tables=self._engine.tables(),
            commits=self._commits.read(),
            jobs=self._jobs,
            failed=self._failed,
            waiting=len(self._waiting),
        )

    async def close(self) -> None:
        """Commit what waits, refuse everything else, and end the thread."""
        self._closed = True
        if self._draining is not None:
            await asyncio.shield(self._draining)
        await asyncio.to_thread(self._thread.shutdown)

    def _accept(self, job: RawJob) -> asyncio.Future[object]:
        if self._closed:
            raise _closed_error()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[object] = loop.create_future()
        self._waiting.append((job, done))
        if self._draining is None:
            self._draining = loop.create_task(self._drain(), name="store.writer")
        return done

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
                jobs = [job for job, _ in batch]
                outcomes = await loop.run_in_executor(self._thread, self._commit, jobs)
                self._jobs += len(jobs)
                for (_, done), outcome in zip(batch, outcomes, strict=True):
                    self._failed += outcome.error is not None
                    _settle(done, outcome)
        finally:
            self._draining = None

    def _commit(self, jobs: Sequence[RawJob]) -> list[Outcome]:
        began = perf_counter()
        try:
            return self._engine.commit(jobs)
        finally:
            self._commits.observe(perf_counter() - began)


def _settle(done: asyncio.Future[object], outcome: Outcome) -> None:
    if done.done():  # whoever waited was cancelled
        return
    if outcome.error is None:
        done.set_result(outcome.result)
    elif isinstance(outcome.error, StopIteration):  # a future refuses to carry it
        done.set_exception(RuntimeError(f"the job raised {outcome.error!r}"))
    else:
        done.set_exception(outcome.error)


def _closed_error() -> StoreError:
    return StoreError("The store is closed")
