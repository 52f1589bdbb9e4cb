"""The dialect as a whole: it comes and goes, and the unprefixed API does not notice."""

import asyncio
import gc
import json
import logging
import threading
from contextlib import asynccontextmanager

import aiohttp
import psutil
import pytest
from openapi_spec_validator import validate

from tests.contrib.tribler8.downloads.conftest import start, start_downloads
from tests.plugins.downloads.conftest import upload, wait_for_status
from triblerd_libtorrent.testing import make_torrent

__all__ = ["start", "start_downloads"]

WRITTEN = {"error": {"handled": True, "message": "Could not find /api/libtorrent/session"}}
SOME_OF_BOTH = {"/downloads", "/api/downloads", "/api/metadata/search/local", "/api/libtorrent/session"}
ROUNDS = 20
UNPREFIXED = (
    ("GET", "/downloads", None),
    ("GET", "/downloads?get_peers=1&get_pieces=1", None),
    ("GET", "/downloads/{infohash}/files", None),
    ("GET", "/downloads/{infohash}/torrent", None),
    ("GET", "/downloads/nonsense/files", None),
    ("PATCH", "/downloads/{infohash}", b'{"state": "dance"}'),
    ("PUT", "/downloads", b"{"),
    ("DELETE", "/downloads/" + "ab" * 20, b'{"remove_data": true}'),
    ("GET", "/settings", None),
    ("POST", "/settings", b'{"nothing": 5}'),
    ("GET", "/torrentinfo?uri=nothing", None),
    ("GET", "/libtorrent/settings?hop=0", None),
    ("GET", "/state", None),
    ("GET", "/nothing", None),
    ("POST", "/downloads", None),
    ("GET", "/downloads/", None),
)
"""What shall stay the same to the byte."""
CHANGING = {"Date", "ETag", "X-Revision"}
"""Headers that tell of the time, and of what the engine does meanwhile."""


@pytest.fixture(autouse=True)
def no_news():
    """Have no information logged: pytest keeps every record to the end of a test."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


async def switch(daemon, *, on):
    await daemon.patch("/plugins/tribler8", json={"enabled": on})


async def test_it_is_off_until_one_line_turns_it_on(start_daemon):
    async with start_daemon("libtorrent", "settings") as daemon:
        off = await daemon.request("GET", "/api/libtorrent/session")
        before = await daemon.get("/libtorrent/session")
        await switch(daemon, on=True)
        on = await daemon.request("GET", "/api/libtorrent/session")
        await switch(daemon, on=False)
        again = await daemon.request("GET", "/api/libtorrent/session")
        after = await daemon.get("/libtorrent/session")

    assert (off.status, off.json()) == (again.status, again.json()) == (404, WRITTEN)
    assert on.status == 200
    assert before.keys() == on.json().keys() == after.keys()


async def test_an_area_that_is_off_is_not_ready(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.request("GET", "/api/libtorrent/session")

    assert (answer.status, answer.json()) == (
        404,
        {"error": {"handled": True, "message": "Required components not initialized to serve /api/libtorrent/session"}},
    )


class OldClient:
    """A client of the unprefixed API."""

    def __init__(self, daemon, infohash, session):
        self._url, self._infohash, self._session = daemon.url, infohash, session

    async def see(self):
        """Return every answer: status, headers and body, without what tells of the dialect or of the time."""
        seen = {}
        for method, path, body in UNPREFIXED:
            place = self._url + path.format(infohash=self._infohash)
            async with self._session.request(method, place, data=body) as response:
                content = await response.read()
            if path == "/settings" and method == "GET":
                content = without(json.loads(content))
            if path == "/state":
                content = sorted(json.loads(content))
            headers = {name: value for name, value in response.headers.items() if name not in CHANGING}
            if path in {"/settings", "/state"}:
                headers.pop("Content-Length", None)
            seen[method, path] = (response.status, headers, content)
        return seen


@asynccontextmanager
async def one_connection(daemon):
    """Keep a single connection open; yield it, and what was opened so far."""
    opened: list[object] = []

    async def count(_session, _context, parameters):
        opened.append(parameters)

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(count)
    headers = {"X-Api-Key": daemon.key}
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector, headers=headers, trace_configs=[tracing]) as session:
        yield session, opened


def without(settings):
    """Return settings without the section of the dialect."""
    settings["settings"].pop("tribler8", None)
    return settings


async def test_turning_it_on_and_off_while_serving_changes_nothing_for_others(start, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 50_000)
    async with (
        start("events", "settings", "state", "torrentinfo") as daemon,
        one_connection(daemon) as (session, opened),
    ):
        await switch(daemon, on=False)
        await upload(daemon, torrent, destination=str(tmp_path))
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        client = OldClient(daemon, torrent.infohash, session)
        async with daemon.stream() as stream:
            await stream.next("events_start")
            before = await client.see()
            await switch(daemon, on=True)
            during = await client.see()
            async with session.get(f"{daemon.url}/api/downloads") as response:
                served = response.status
            await switch(daemon, on=False)
            after = await client.see()
            with pytest.raises(TimeoutError):
                await stream.next("downloads_end", limit_seconds=0.2)
        topics = {message["topic"] for message in stream.seen}

    assert len(opened) == 1
    assert during == before
    assert after == before
    assert served == 200
    assert topics <= {"events_start", "plugin_changed"}


def footprint():
    gc.collect()
    process = psutil.Process()
    pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return len(asyncio.all_tasks()), process.num_fds(), process.num_threads() - pool, process.memory_info().rss


async def switch_rounds(daemon, count):
    for _ in range(count):
        await switch(daemon, on=True)
        for path in ("/api/downloads", "/api/settings", "/api/events/info", "/api/nothing"):
            await daemon.request("GET", path)
        async with daemon.stream("/api/events"):
            pass
        await switch(daemon, on=False)


async def test_switching_it_leaves_nothing_behind(start, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 50_000)
    async with start("events", "settings", "state") as daemon:
        await upload(daemon, torrent, destination=str(tmp_path))
        await switch_rounds(daemon, 3)
        before = footprint()
        await switch_rounds(daemon, ROUNDS)
        after = footprint()

    assert after[:3] == pytest.approx(before[:3], abs=1)
    assert after[3] - before[3] < 8 * 1024 * 1024


async def test_the_documents_list_both_dialects_while_it_is_on_and_one_while_it_is_off(start_daemon):
    async with start_daemon("tribler8", "downloads", "metadata", "events") as daemon:
        served = await documents(daemon)
        await switch(daemon, on=False)
        without_it = await documents(daemon)
        await switch(daemon, on=True)
        again = await documents(daemon)

    of_the_dialect = {path: operations for path, operations in served[0]["paths"].items() if path.startswith("/api/")}
    validate({**served[0], "paths": of_the_dialect})  # the others are validated where they are made
    assert again == served
    for document in served:
        assert document["paths"].keys() >= SOME_OF_BOTH
    for document, whole in zip(without_it, served, strict=True):
        left = {path for path in whole["paths"] if path != "/" and not path.startswith(("/api/", "/ui"))}
        assert document["paths"].keys() == left


async def documents(daemon):
    """Return the OpenAPI document, and that of Swagger."""
    return [await daemon.get(f"/docs/{name}.json") for name in ("openapi", "swagger")]
