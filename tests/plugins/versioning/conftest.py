import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

PRESENT = "1.5"
"""What the daemon's version is in tests that compare releases."""


class ReleaseIndex:
    """A web server in the place of a package index.

    Attributes:
        body: What it answers next; ``None`` never answers.
        status: Of HTTP.
        asked: The paths that it was asked for, with their queries.
    """

    def __init__(self) -> None:
        self.body: bytes | None = b""
        self.status = 200
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        if self.body is None:
            await asyncio.Event().wait()
        return web.Response(status=self.status, body=self.body, headers={"Location": str(request.rel_url)})


@asynccontextmanager
async def serving():
    index = ReleaseIndex()
    app = web.Application()
    app.router.add_get("/{tail:.*}", index.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        index.url = f"http://127.0.0.1:{runner.addresses[0][1]}/pypi/triblerd/json"
        yield index
    finally:
        await runner.cleanup()


@pytest.fixture
async def index():
    """Serve releases."""
    async with serving() as index:
        yield index
