"""``/createtorrent``."""

import asyncio
import base64
from contextlib import suppress

from aiohttp import web

from triblerd.errors import (
    ConflictError,
    FailedError,
    InvalidInputError,
    NotFoundError,
    OperationError,
    UnavailableError,
)
from triblerd.http.endpoint import Encoded, Endpoint, encode_json, route
from triblerd_createtorrent.api import NothingToHashError
from triblerd_createtorrent.jobs import Job, JobCancelledError, Jobs
from triblerd_createtorrent.requests import Requests
from triblerd_createtorrent.schemas import (
    CreateBody,
    Created,
    CreateQuery,
    JobItem,
    JobList,
    JobRemoved,
    StartQuery,
)

WATCH_SECONDS = 0.5
"""How often it is seen whether the client is still there."""

_EXAMPLE = {"files": ["/srv/data/album/01.flac", "/srv/data/album/02.flac"], "trackers": ["http://t.example/announce"]}
_FAILURES = (InvalidInputError, ConflictError, FailedError, OperationError, NothingToHashError, UnavailableError)


class CreatetorrentEndpoint(Endpoint):
    """Torrents made of files on the daemon's machine."""

    prefix = "/createtorrent"

    def __init__(self, *, jobs: Jobs, requests: Requests) -> None:
        self._jobs = jobs
        self._requests = requests

    @route(
        "POST",
        "",
        answers=Created,
        media_type="text/plain; charset=utf-8",
        raises=_FAILURES,
        examples={"body": _EXAMPLE},
    )
    async def create_torrent(self, query: CreateQuery, body: CreateBody, request: web.Request) -> Encoded:
        """Make a torrent, and answer when all its data are hashed.

        The answer is JSON, in spite of its type. Several files make a torrent of the directory that holds them all;
        its files are ordered by their paths. Directories in `files` are left out, unless `walk` takes them as a whole.
        A client that leaves does not end the job, unless `cancel_on_disconnect` says so; see `GET
        /createtorrent/jobs`.
        """
        job = self._jobs.start(await self._requests.plan(body, download=query.download))
        while not job.is_over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await job.is_over.wait()
            if query.cancel_on_disconnect and _has_left(request):
                await self._jobs.remove(job.id)
                raise JobCancelledError
        return Encoded(encode_json(Created(torrent=base64.b64encode(job.result()).decode())))

    @route("POST", "/jobs", raises=_FAILURES, examples={"body": _EXAMPLE})
    async def start_job(self, query: StartQuery, body: CreateBody) -> JobItem:
        """Make a torrent, as `POST /createtorrent` does, and answer at once.

        How far it is says `GET /createtorrent/jobs/{job_id}`, and the event `createtorrent_progress`.
        """
        return _item(self._jobs.start(await self._requests.plan(body, download=query.download)))

    @route("GET", "/jobs")
    async def list_jobs(self) -> JobList:
        """List the jobs: those that wait or work, and those that ended not long ago."""
        return JobList(jobs=[_item(job) for job in self._jobs.all()])

    @route("GET", "/jobs/{job_id}", raises=(NotFoundError,))
    async def show_job(self, job_id: str) -> JobItem:
        """Show one job."""
        return _item(self._jobs.get(job_id))

    @route("GET", "/jobs/{job_id}/torrent", media_type="application/x-bittorrent", raises=(NotFoundError, *_FAILURES))
    async def job_torrent(self, job_id: str) -> web.Response:
        """Return the torrent file that a job made, even if it was not exported or seeded; else why there is none."""
        job = self._jobs.get(job_id)
        headers = {
            "Content-Type": "application/x-bittorrent",
            "Content-Disposition": f'attachment; filename="{job.infohash or job.id}.torrent"',
        }
        return web.Response(body=job.torrent(), headers=headers)

    @route("DELETE", "/jobs/{job_id}", raises=(NotFoundError,))
    async def remove_job(self, job_id: str) -> JobRemoved:
        """Forget a job. One that waits or works is cancelled; the answer comes when nothing of it runs any more."""
        await self._jobs.remove(job_id)
        return JobRemoved(id=job_id)


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _item(job: Job) -> JobItem:
    recipe = job.plan.recipe
    return JobItem(
        id=job.id,
        state=job.state,
        name=recipe.name,
        version=recipe.version,
        files=len(recipe.files),
        size=job.plan.size,
        hashed=job.hashed,
        created=round(job.created, 3),
        ended=round(job.ended, 3) or None,
        infohash=job.infohash,
        exported_to=job.exported_to,
        reason=str(job.failure or ""),
    )
