"""What one event costs per open stream, against a bare loop of ``StreamResponse.write`` in the same run.

200 clients read in another process. Events come one by one (each is written by itself) and in bursts of 50 (streams
batch what waits). Printed: microseconds of CPU per delivery, and their ratio.
"""

import asyncio
import contextlib
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from rig import report

from triblerd.events import ShutdownProgress
from triblerd.testing import wait_for
from triblerd_events.framing import data_line
from triblerd_events.streams import EventHub

LISTENERS = 200
ROUNDS = 200
BURST = 50
EVENT = ShutdownProgress(state="Checkpointing downloads, as ever and always, for the sake of a typical length.")
RATIO_LIMIT = {1: 3.0, BURST: 1.0}  # a wake-up of one task per stream; batches make it up


def read_everything(port: int, path: str) -> None:
    """Be 200 clients of one stream until the server goes."""
    selector = selectors.DefaultSelector()
    for _ in range(LISTENERS):
        link = socket.create_connection(("127.0.0.1", port))
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        selector.register(link, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if not key.fileobj.recv(1 << 16):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)


async def settle() -> None:
    """Let every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


async def cost(deliver: Callable[[], Awaitable[None]], burst: int) -> float:
    """Return microseconds of CPU per delivery."""
    used = 0.0
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(burst):
            await deliver()
        await settle()
        used += time.process_time() - before
        await asyncio.sleep(0.005)  # the readers keep up, so that no write waits
    return used / (ROUNDS * burst * LISTENERS) * 1e6


async def main() -> None:
    """Report the costs."""
    hub = EventHub(version="1")
    bare: list[web.StreamResponse] = []

    async def stream_events(request: web.Request) -> web.StreamResponse:
        return await hub.serve(request, data_line)

    async def stream_bare(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        bare.append(response)
        await asyncio.Event().wait()
        return response

    async def deliver_bare() -> None:
        chunk = data_line(EVENT) or b""
        for response in bare:
            await response.write(chunk)

    async def deliver_hub() -> None:
        hub.hear(EVENT)

    app = web.Application()
    app.router.add_get("/events", stream_events)
    app.router.add_get("/bare", stream_bare)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    readers = [
        subprocess.Popen([sys.executable, __file__, "read", str(port), path])  # noqa: ASYNC220
        for path in ("/events", "/bare")
    ]
    try:
        await wait_for(lambda: hub.count == len(bare) == LISTENERS, 20, what="all clients")
        for burst in (1, BURST):
            plain, ours = await cost(deliver_bare, burst), await cost(deliver_hub, burst)
            ratio = ours / plain
            report(
                f"event to {LISTENERS} streams, {burst} at a time: CPU",
                f"{ours:.2f} µs each",
                baseline=f"bare StreamResponse.write: {plain:.2f} µs, x{ratio:.2f}",
                target=f"<= {RATIO_LIMIT[burst]:g} x",
                ok=ratio <= RATIO_LIMIT[burst],
            )
    finally:
        for reader in readers:
            reader.terminate()
        await runner.cleanup()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with contextlib.suppress(ConnectionError):
            read_everything(int(sys.argv[2]), sys.argv[3])
    else:
        asyncio.run(main())
