import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from yarl import URL

from triblerd.auth import Auth
from triblerd.config import ApiConfig
from triblerd.http.endpoint import Endpoint
from triblerd.http.router import Router
from triblerd.http.server import HttpServer

KEY = "the-right-key"


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


@dataclass
class Served:
    """A server with a client that has the key."""

    router: Router
    server: HttpServer
    client: aiohttp.ClientSession
    unhandled: list[tuple[BaseException, str]] = field(default_factory=list)
    scheme: str = "http"

    @property
    def port(self):
        return self.server.ports[self.scheme]

    async def ask(self, method, path, *, raw_path=None, **parts):
        url = f"{self.scheme}://127.0.0.1:{self.port}"
        target = URL(url + (raw_path or path), encoded=raw_path is not None)
        async with self.client.request(method, target, **parts) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path, **parts):
        return await self.ask("GET", path, **parts)

    @asynccontextmanager
    async def raw(self, head="", body=b""):
        """Yield a reader and a writer of a connection, after sending something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(head.replace("\n", "\r\n").encode("latin1") + body)
            await writer.drain()
            yield reader, writer
        finally:
            writer.close()


@pytest.fixture
def serve():
    """Return a function that serves endpoint objects, all of the owner ``area``, with the real server."""

    @asynccontextmanager
    async def start(
        *endpoints: Endpoint, key=KEY, bind=True, state_dir=None, idle_seconds=75.0, answers=None, **settings
    ):
        config = ApiConfig(key=key, http_port=settings.pop("http_port", 0), **settings)
        router = Router()
        router.declare("area", [type(endpoint) for endpoint in endpoints])
        if bind:
            router.bind("area", endpoints)
        unhandled: list[Any] = []
        server = HttpServer(
            config=config,
            router=router,
            auth=Auth(config=config, open_prefixes=router.open_prefixes),
            on_unhandled=lambda error, error_id: unhandled.append((error, error_id)),
            answers=answers,
            idle_seconds=idle_seconds,
            **({"state_dir": state_dir} if state_dir else {}),
        )
        await server.start()
        try:
            async with aiohttp.ClientSession(headers={"X-Api-Key": KEY} if key else {}) as client:
                yield Served(router, server, client, unhandled)
        finally:
            await server.stop(0)

    return start


async def read_answer(reader):
    """Return the status and the body of one answer read from a raw connection."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")), 0
        )
        return int(head.split()[1]), await reader.readexactly(length)
