import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from triblerd.testing import wait_for
from triblerd_events.api import Framing
from triblerd_events.framing import data_line
from triblerd_events.streams import EventHub


@dataclass
class Served:
    """A hub behind a bare HTTP server."""

    hub: EventHub
    port: int
    session: aiohttp.ClientSession
    dialects: dict[str, Framing]
    opened: list[aiohttp.ClientResponse]

    async def open(self, path: str = "/events") -> aiohttp.ClientResponse:
        """Open a stream and return it when the hub knows it."""
        count = self.hub.count
        response = await self.session.get(f"http://127.0.0.1:{self.port}{path}")
        self.opened.append(response)
        await wait_for(lambda: self.hub.count > count, what="the stream")
        return response


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    hub = EventHub(version="1.2.3")
    dialects: dict[str, Framing] = {"/events": data_line}

    async def answer(request: web.Request) -> web.StreamResponse:
        seconds = request.query.get("comment")
        return await hub.serve(
            request, dialects[request.path], comment_seconds=float(seconds) if seconds is not None else None
        )

    app = web.Application()
    app.router.add_get("/{name}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        served = Served(hub, runner.addresses[0][1], session, dialects, [])
        yield served
        for response in served.opened:
            response.close()
    await runner.cleanup()


@pytest.fixture
def read_messages() -> Callable[[aiohttp.ClientResponse, int], Any]:
    """Read messages exactly as the 7.x GUI does: split at empty lines, cut five characters off, parse the rest."""

    async def read(response: aiohttp.ClientResponse, count: int) -> list[dict[str, Any]]:
        data = b""
        async with asyncio.timeout(10):
            while data.count(b"\n\n") < count:
                data += await response.content.readany()
        assert data.endswith(b"\n\n")
        return [json.loads(block[5:]) for block in data.split(b"\n\n")[:-1]]

    return read
