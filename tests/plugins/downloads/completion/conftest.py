import asyncio
import json
import time

import pytest
from aiohttp import web


class Receiver:
    """A web server that is told of completions.

    Attributes:
        calls: Headers and decoded body of each call.
        raw: The bodies as they came.
        times: When each call came, in seconds of a clock that is never set.
        answers: Statuses of the next answers; 200 when there are none left.
        is_mute: Whether calls get no answer.
    """

    def __init__(self):
        self.calls = []
        self.raw = []
        self.times = []
        self.answers = []
        self.is_mute = False
        self.url = ""

    async def answer(self, request):
        """Take a call."""
        self.times.append(time.monotonic())
        body = await request.read()
        self.raw.append(body)
        self.calls.append((request.headers, json.loads(body)))
        if self.is_mute:
            await asyncio.Event().wait()
        status = self.answers.pop(0) if self.answers else 200
        headers = {"Location": f"{self.url}/elsewhere"} if status in range(300, 400) else {}
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def receiver():
    """Run a server that is told of completions."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.answer)
    app.router.add_get("/{path:.*}", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    await runner.cleanup()
