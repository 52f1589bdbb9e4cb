"""Jobs that make one torrent each: some at once, others wait; ended ones are kept for a while."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from triblerd.errors import ConflictError, NotFoundError, TriblerdError, UnavailableError
from triblerd.events import Event
from triblerd.tasks import Tasks
from triblerd_createtorrent.api import JobState, TorrentCreated, TorrentMaker, TorrentProgress, TorrentRecipe
from triblerd_createtorrent.exporting import export
from triblerd_createtorrent.seeding import Seeding
from triblerd_createtorrent.settings import CreatetorrentSettings
from triblerd_downloads.api import AddWishes
from triblerd_libtorrent.api import TorrentEngine

log = logging.getLogger(__name__)

MOST_KEPT_BYTES = 64 * 1024 * 1024
"""Of torrent files, in memory."""
EVENT_SECONDS = 0.5

_OVER = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


class UnknownJobError(NotFoundError):
    """There is no job of that id, or not any more."""

    def __init__(self) -> None:
        super().__init__("this job does not exist")


class JobCancelledError(ConflictError):
    """Somebody cancelled the job that a request waited for."""

    def __init__(self) -> None:
        super().__init__("the job was cancelled")


class UnfinishedJobError(ConflictError):
    """The job has no torrent file, or not yet."""


class TooManyJobsError(UnavailableError):
    """As many jobs wait as may."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a job does.

    Attributes:
        size: Bytes of all files.
        export_to: The file to write; ``None`` writes none.
        seed: How to seed it; ``None`` does not.
    """

    recipe: TorrentRecipe
    size: int
    export_to: Path | None = None
    seed: AddWishes | None = None


class Job:
    """The making of one torrent.

    Attributes:
        hashed: Bytes so far.
        metainfo: The torrent file; empty until all is hashed.
        infohash: Empty until it is known.
        exported_to: The file that was written; empty for none.
        failure: Why it failed.
        created: Unix time; ``ended`` likewise, 0 while it is not over.
        is_over: Set when it has ended in whatever way.
        is_unwanted: Somebody has cancelled it.
        told_at: When the last event told of it, by the monotonic clock.
    """

    def __init__(self, plan: Plan) -> None:
        self.id = secrets.token_hex(8)
        self.plan = plan
        self.state = JobState.WAITING
        self.hashed = 0
        self.metainfo = b""
        self.infohash = ""
        self.exported_to = ""
        self.failure: Exception | None = None
        self.created = time.time()
        self.ended = 0.0
        self.is_over = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.is_unwanted = False
        self.told_at = 0.0

    def result(self) -> bytes:
        """Return the torrent file of a job that did all that it should.

        Raises:
            TriblerdError: why it did not.
        """
        if self.failure is not None:
            raise self.failure
        if self.state is JobState.CANCELLED:
            raise JobCancelledError
        if self.state is not JobState.FINISHED:
            msg = f"the job is {self.state}"
            raise UnfinishedJobError(msg)
        return self.metainfo

    def torrent(self) -> bytes:
        """Return the torrent file, also when it could not be exported or seeded; raises what ``result`` raises."""
        return self.metainfo or self.result()


class Jobs:
    """All jobs, by id, oldest first."""

    def __init__(  # noqa: PLR0913 - what the work consists of
        self,
        *,
        settings: CreatetorrentSettings,
        maker: TorrentMaker,
        engine: TorrentEngine,
        seeding: Seeding,
        tasks: Tasks,
        publish: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._maker = maker
        self._engine = engine
        self._seeding = seeding
        self._tasks = tasks
        self._publish = publish
        self._jobs: dict[str, Job] = {}

    def all(self) -> Sequence[Job]:
        """Return them, oldest first."""
        self._prune()
        return list(self._jobs.values())

    def get(self, job_id: str) -> Job:
        """Return one.

        Raises:
            UnknownJobError: it does not exist.
        """
        self._prune()
        if job_id not in self._jobs:
            raise UnknownJobError
        return self._jobs[job_id]

    def start(self, plan: Plan) -> Job:
        """Begin a job, or have it wait for its turn.

        Raises:
            TooManyJobsError: too many wait.
        """
        self._prune()
        waiting = len(self._in(JobState.WAITING))
        if (
            waiting >= self._settings.config.most_waiting
            and len(self._in(JobState.HASHING)) >= self._settings.config.jobs_at_once
        ):
            msg = f"{waiting} torrents wait to be made, which is as many as may wait"
            raise TooManyJobsError(msg)
        job = Job(plan)
        self._jobs[job.id] = job
        self._tell(job)
        self._start_next()
        return job

    async def remove(self, job_id: str) -> None:
        """Forget a job; one that is not over is ended first, together with its process.

        Raises:
            UnknownJobError: it does not exist.
        """
        job = self.get(job_id)
        await asyncio.sleep(0)  # a task that has not begun would end without a word
        if job.task is not None:
            job.is_unwanted = True
            job.task.cancel()
        elif job.state is JobState.WAITING:
            self._end(job, JobState.CANCELLED)
        await job.is_over.wait()
        self._jobs.pop(job_id, None)

    async def forget_old(self) -> None:
        """Forget ended jobs that were kept long enough."""
        self._prune()

    def _start_next(self) -> None:
        while waiting := self._in(JobState.WAITING):
            if len(self._in(JobState.HASHING)) >= self._settings.config.jobs_at_once:
                return
            job = waiting[0]
            job.state = JobState.HASHING
            job.task = self._tasks.start(f"job-{job.id}", self._run(job))

    async def _run(self, job: Job) -> None:
        self._tell(job)
        try:
            await self._work(job)
        except asyncio.CancelledError:
            self._end(job, JobState.CANCELLED)
            if job.is_unwanted:  # else the plugin stops, and no other job begins
                self._start_next()
            raise
        except TriblerdError as error:
            job.failure = error
            self._end(job, JobState.FAILED)
            self._start_next()
        except Exception as error:  # a border: whoever waits for the job shall not wait for ever
            job.failure = error
            self._end(job, JobState.FAILED)
            self._start_next()
            raise
        else:
            self._end(job, JobState.FINISHED)
            self._start_next()

    async def _work(self, job: Job) -> None:
        plan = job.plan
        raw = await self._maker.make(plan.recipe, lambda hashed: self._progressed(job, hashed))
        metainfo = await self._engine.parse_metainfo(raw)
        job.hashed, job.metainfo, job.infohash = plan.size, raw, metainfo.infohash
        self._publish(TorrentCreated(metainfo=metainfo, for_store=not metainfo.is_private))
        if plan.export_to is not None and await asyncio.to_thread(export, plan.export_to, raw):
            job.exported_to = str(plan.export_to)
        if plan.seed is not None:
            await self._seeding.seed(metainfo, plan.recipe, plan.seed)

    def _progressed(self, job: Job, hashed: int) -> None:
        job.hashed = hashed
        if job.told_at + EVENT_SECONDS <= time.monotonic():
            self._tell(job)

    def _end(self, job: Job, state: JobState) -> None:
        job.state, job.task, job.ended = state, None, time.time()
        job.is_over.set()
        self._tell(job)

    def _tell(self, job: Job) -> None:
        job.told_at = time.monotonic()
        self._publish(
            TorrentProgress(
                id=job.id,
                state=job.state.value,
                name=job.plan.recipe.name,
                hashed=job.hashed,
                size=job.plan.size,
                infohash=job.infohash,
                reason=str(job.failure or ""),
            )
        )

    def _in(self, state: JobState) -> list[Job]:
        return [job for job in self._jobs.values() if job.state is state]

    def _prune(self) -> None:
        """Forget ended jobs that are too old or too many, or whose torrent files are too large together."""
        ended = sorted((job for job in self._jobs.values() if job.state in _OVER), key=lambda job: -job.ended)
        oldest, kept_bytes = time.time() - self._settings.config.kept_seconds, 0
        for number, job in enumerate(ended):
            kept_bytes += len(job.metainfo)
            if (
                number >= self._settings.config.kept_jobs
                or job.ended < oldest
                or (number and kept_bytes > MOST_KEPT_BYTES)
            ):
                del self._jobs[job.id]
