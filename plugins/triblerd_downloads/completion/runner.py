"""Does what is to be done for completed downloads: at least once, a few at a time, again after a while."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd.tasks import Tasks
from triblerd_downloads.completion.jobs import Action, Job, JobState, infohash_of
from triblerd_downloads.completion.program import ProgramError, run_program
from triblerd_downloads.completion.webhook import WebhookError, tell_server
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import Infohash

log = logging.getLogger(__name__)

LONGEST_WAIT = 3600.0
"""Seconds between two attempts, however many there were."""


class Runner:
    """Has the jobs that wait in memory, and all of them in the store.

    An attempt is counted before it begins: one that the end of the daemon breaks off, is made again at the next start,
    and what ends the daemon each time is given up in the end.
    """

    def __init__(self, *, store: StoreView, jobs: Table[Job], settings: DownloadSettings, tasks: Tasks) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._tasks = tasks
        self._waiting: dict[bytes, Job] = {}
        self._running: dict[bytes, Action] = {}
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Take up what earlier lives left."""
        found = await asyncio.to_thread(list, self._jobs.items())
        self.add({key: job for key, job in found if job.state is JobState.WAITING})

    def add(self, jobs: Mapping[bytes, Job]) -> None:
        """Have jobs done, which are in the store."""
        self._waiting |= jobs
        self._wake.set()

    def jobs_of(self, infohash: Infohash) -> list[Job]:
        """Return the jobs of one download, by time, those that are over included."""
        return [job for _, job in self._jobs.items(infohash.key)]

    async def repeat_failed(self, infohash: Infohash) -> int:
        """Have the failed jobs of a download done once more; return how many these are."""

        def write(transaction: Transaction) -> dict[bytes, Job]:
            failed = {
                key: msgspec.structs.replace(job, state=JobState.WAITING, attempts=0, next_attempt=0.0)
                for key, job in transaction.items(self._jobs, infohash.key)
                if job.state is JobState.FAILED
            }
            for key, job in failed.items():
                transaction.put(self._jobs, key, job)
            return failed

        jobs = await self._store.write(write)
        self.add(jobs)
        return len(jobs)

    async def work(self) -> None:
        """Begin what is due, for ever."""
        while True:
            self._wake.clear()
            self._begin_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_next()):
                    await self._wake.wait()

    def _begin_due(self) -> None:
        now = time.time()
        for key, job in sorted(self._waiting.items(), key=lambda item: item[1].next_attempt):
            if job.next_attempt > now:
                return
            if self._has_room(job.action):
                del self._waiting[key]
                self._running[key] = job.action
                self._tasks.start(job.action, self._attempt(key, job))

    def _has_room(self, action: Action) -> bool:
        """Return whether one more may run: a server that hangs keeps no program from running."""
        return list(self._running.values()).count(action) < self._settings.completion.at_once

    def _seconds_to_next(self) -> float | None:
        due = [job.next_attempt for job in self._waiting.values() if self._has_room(job.action)]
        return max(min(due) - time.time(), 0.0) if due else None

    async def _attempt(self, key: bytes, job: Job) -> None:
        try:
            job = msgspec.structs.replace(job, attempts=job.attempts + 1)
            if job.attempts > self._settings.completion.attempts:
                job = msgspec.structs.replace(job, state=JobState.FAILED, result="the daemon ended in each attempt")
            elif not await self._keep(key, job):
                return
            else:
                job = await self._done(key, job)
            if await self._keep(key, job) and job.state is JobState.WAITING:
                self._waiting[key] = job
        finally:
            del self._running[key]
            self._wake.set()

    async def _done(self, key: bytes, job: Job) -> Job:
        """Do it, and return what came of it."""
        infohash = infohash_of(key)
        try:
            result = await self._do(key, job)
        except ProgramError as error:  # another attempt would do once more what it has done already
            log.warning("%s: %s", infohash, error)
            return msgspec.structs.replace(job, state=JobState.FAILED, result=str(error))
        except WebhookError as error:
            return self._put_off(infohash, job, str(error))
        log.info("%s: the %s is done: %s", infohash, job.action, result)
        return msgspec.structs.replace(job, state=JobState.DONE, result=result)

    async def _do(self, key: bytes, job: Job) -> str:
        config = self._settings.completion
        if job.action is Action.PROGRAM:
            if not config.program:
                msg = "no program is configured any more"
                raise ProgramError(msg)
            return await run_program(config.program, infohash_of(key), job, limit_seconds=config.program_timeout)
        if not config.webhook_url:
            msg = "no webhook is configured any more"
            raise WebhookError(msg)
        return await tell_server(
            config.webhook_url, key, job, secret=config.webhook_secret, limit_seconds=config.webhook_timeout
        )

    def _put_off(self, infohash: Infohash, job: Job, reason: str) -> Job:
        config = self._settings.completion
        if job.attempts >= config.attempts:
            log.warning("%s: the webhook is given up after %d attempts: %s", infohash, job.attempts, reason)
            return msgspec.structs.replace(job, state=JobState.FAILED, result=reason)
        wait = min(config.retry_delay * 2.0 ** (job.attempts - 1), LONGEST_WAIT)
        log.warning("%s: the webhook is tried again in %g s: %s", infohash, wait, reason)
        return msgspec.structs.replace(job, next_attempt=time.time() + wait, result=reason)

    async def _keep(self, key: bytes, job: Job) -> bool:
        """Store a job; return false when its download was removed meanwhile, and the job with it."""

        def write(transaction: Transaction) -> bool:
            if transaction.get(self._jobs, key) is None:
                return False
            transaction.put(self._jobs, key, job)
            return True

        return await self._store.write(write)
