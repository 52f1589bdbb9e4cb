"""Server-sent events as a browser's ``EventSource`` reads them."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

import aiohttp


class EventSource:
    """An open stream.

    Attributes:
        comments: What a browser passes over.
        raw: All that came.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.headers = response.headers
        self.comments: list[str] = []
        self.raw = b""

    async def next(self, *topics: str, limit_seconds: float = 10.0) -> tuple[str, Any]:
        """Return the next event of these topics, or of any, and its data."""
        topic, data = "", ""
        async with asyncio.timeout(limit_seconds):
            async for line in self._response.content:
                self.raw += line
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if line == b"\n":
                    if data and (not topics or topic in topics):
                        return topic, json.loads(data)
                    topic, data = "", ""
                elif not name:
                    self.comments.append(value)
                elif name == "event":
                    topic = value
                elif name == "data":
                    data += value
        msg = "the stream ended"
        raise EOFError(msg)


@asynccontextmanager
async def event_source(daemon):
    """Open ``/api/events``, signed in by the cookie."""
    endless = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(cookies={"api_key": daemon.key}, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
        session.get(f"{daemon.url}/api/events", timeout=endless) as response,
    ):
        assert response.status == 200
        yield EventSource(response)
