import asyncio
import base64
import json
from contextlib import asynccontextmanager

import psutil
import pytest

from triblerd.testing import wait_for
from triblerd_createtorrent.config import CreatetorrentConfig
from triblerd_createtorrent.making import ProcessMaker
from triblerd_createtorrent.settings import CreatetorrentSettings
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import seeder

__all__ = ["seeder"]

HUGE = 1 << 40
"""Bytes of a file with nothing in it, which takes hours to be hashed."""


class AllRoots:
    def allow(self, path):
        return path.is_absolute()


@pytest.fixture
def maker():
    """Offer the maker, without a daemon around it."""
    return ProcessMaker(roots=AllRoots(), settings=CreatetorrentSettings(config=CreatetorrentConfig()))


@pytest.fixture
def files(tmp_path):
    """Write files below ``files`` by their relative paths, and return the directory."""

    def write(content):
        for path, data in content.items():
            target = tmp_path / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / "files"

    return write


@pytest.fixture
def huge(tmp_path):
    """Make a file that takes hours to be hashed, and no room."""
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(HUGE)
    return path


@pytest.fixture
def start(start_daemon, tmp_path):
    """Run a daemon that makes torrents; further plugins, and settings by section."""

    @asynccontextmanager
    async def run(*plugins, **config):
        defaults = {"saveas": str(tmp_path / "saved"), **config.pop("download_defaults", {})}
        settings = {"download_defaults": defaults, **config} if "downloads" in plugins else config
        async with start_daemon("createtorrent", *plugins, config=settings) as daemon:
            yield daemon

    return run


async def create(daemon, *paths, params=None, **body):
    """Make a torrent by the one call of the contract, and return what it says."""
    answer = await daemon.request(
        "POST", "/createtorrent", json={"files": [str(path) for path in paths], **body}, params=params
    )
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return parse_metainfo(base64.b64decode(json.loads(answer.body)["torrent"], validate=True))


async def refusal(daemon, body, *, path="/createtorrent"):
    """Return the status of a request that fails, and its error."""
    answer = await daemon.request("POST", path, data=body) if isinstance(body, bytes) else None
    answer = answer or await daemon.request("POST", path, json=body)
    assert answer.headers["content-type"] == "application/json"
    return answer.status, answer.json()["error"]


def handled(code, message):
    """Return a failure of a valid request as it is answered."""
    return 500, {"handled": True, "code": code, "message": message}


async def start_job(daemon, *paths, params=None, **body):
    """Start a job and return its row."""
    return await daemon.post(
        "/createtorrent/jobs", json={"files": [str(path) for path in paths], **body}, params=params
    )


async def wait_for_state(daemon, job, *states):
    """Wait until a job is in one of these states; return its row."""

    async def reached():
        row = await daemon.get(f"/createtorrent/jobs/{job['id']}")
        return row if row["state"] in states else None

    return await wait_for(reached, what=f"the job to be {states}")


def hashing_processes(pid=None):
    """Return the processes that hash for this one, or for another one."""
    return [
        process
        for process in psutil.Process(pid).children(recursive=True)
        if "triblerd_createtorrent.child" in " ".join(command_line(process))
    ]


def command_line(process):
    try:
        return process.cmdline()
    except psutil.Error:  # it has just ended
        return []


@asynccontextmanager
async def open_request(daemon, body, query=""):
    """Send a request over a connection of its own, which is closed at the end, answered or not."""
    _, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    content = json.dumps(body).encode()
    head = f"POST /createtorrent{query} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {daemon.key}\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    try:
        yield
    finally:
        writer.close()
        await writer.wait_closed()
