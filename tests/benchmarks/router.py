"""What the kernel's router, authentication, validation and encoding cost over a bare aiohttp handler.

Both serve the same client, which runs in a process of its own, in turns. The figure is the server's CPU time for a
request.
"""

import asyncio
import socket
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta
from rig import report

from triblerd.auth import Auth
from triblerd.config import ApiConfig
from triblerd.http.endpoint import Endpoint, ExactOne, route
from triblerd.http.router import Router
from triblerd.http.server import HttpServer

KEY = "0123456789abcdef0123456789abcdef"
REQUESTS = 3000
ROUNDS = 7
BOUND_MICROSECONDS = 150


class Query(msgspec.Struct):
    """A small query."""

    first: Annotated[int, Meta(ge=1)] = 1
    get_peers: ExactOne = False


class Change(msgspec.Struct):
    """A small body."""

    state: str
    anon_hops: Annotated[int, Meta(ge=0, le=3)] = 0


class Thing(msgspec.Struct):
    """A small answer."""

    name: str
    size: int


class Things(Endpoint):
    """Small requests."""

    prefix = "/things"

    @route("GET", "")
    async def literal(self) -> Thing:
        """Answer."""
        return Thing(name="thing", size=1)

    @route("GET", "/{name}/files")
    async def query(self, name: str, query: Query) -> Thing:
        """Answer to a query."""
        return Thing(name=name, size=query.first)

    @route("PATCH", "/{name}")
    async def change(self, name: str, body: Change) -> Thing:
        """Answer to a body."""
        return Thing(name=name, size=body.anon_hops)


BODY = b'{"state": "stop", "anon_hops": 1}'
SMALL_REQUESTS = {
    "literal path": ("GET", "/things", b""),
    "path and query": ("GET", "/things/0123456789/files?first=3&get_peers=1", b""),
    "path and body": ("PATCH", "/things/0123456789", BODY),
}


async def bare(request: web.Request) -> web.Response:
    """Do what any handler does, and nothing else."""
    if request.can_read_body:
        await request.read()
    return web.Response(body=b'{"name":"thing","size":1}', content_type="application/json")


def ask(port: int, method: str, target: str, body: bytes) -> None:
    """Send the same request again and again over one connection."""
    request = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Api-Key: {KEY}\r\n"
        f"User-Agent: bench\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(REQUESTS):
            link.sendall(request)
            answer = link.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(answer.decode())


async def main() -> None:
    """Report the cost of each small request."""
    config = ApiConfig(key=KEY, http_port=0)
    router = Router()
    router.declare("things", [Things])
    router.bind("things", [Things()])
    server = HttpServer(config=config, router=router, auth=Auth(config=config), on_unhandled=lambda *_: None)
    await server.start()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", bare)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ports = {"bare": runner.addresses[0][1], "triblerd": server.ports["http"]}
    with ProcessPoolExecutor(1) as client:
        for name, request in SMALL_REQUESTS.items():
            costs: dict[str, list[float]] = {"bare": [], "triblerd": []}
            for _ in range(ROUNDS):
                for kind, port in ports.items():
                    began = time.process_time()
                    await asyncio.get_running_loop().run_in_executor(client, ask, port, *request)
                    costs[kind].append((time.process_time() - began) / REQUESTS * 1e6)
            ours, base = (statistics.median(costs[kind]) for kind in ("triblerd", "bare"))
            report(
                f"small request, {name}: CPU over bare",
                f"{ours - base:.1f} µs",
                baseline=f"bare handler {base:.1f} µs, ours {ours:.1f} µs, x{ours / base:.2f}",
                target=f"<= {BOUND_MICROSECONDS} µs",
                ok=ours - base <= BOUND_MICROSECONDS,
            )
    await server.stop(0)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
