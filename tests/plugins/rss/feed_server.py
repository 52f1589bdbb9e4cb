"""A server of feeds and torrent files on 127.0.0.1."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape

from aiohttp import web


@dataclass
class Page:
    """What the server answers at a path."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


class FeedServer:
    """Serves what ``pages`` says, and keeps the headers of all requests.

    Attributes:
        pages: By path.
        asked: The headers of each request, by path.
        parts: How many bytes are sent at a time.
    """

    def __init__(self) -> None:
        self.url = ""
        self.pages: dict[str, Page] = {}
        self.asked: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
        self.released = asyncio.Event()

    def put(self, path: str, body: str | bytes, **more) -> str:
        """Serve something, and return its address."""
        self.pages[path] = Page(body.encode() if isinstance(body, str) else body, **more)
        return self.url + path

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path].append(request.headers)
        page = self.pages.get(request.path, Page(status=404))
        if page.hangs:
            await self.released.wait()
        etag = page.headers.get("ETag")
        if etag and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.Response(body=page.body, status=page.status, headers=dict(page.headers))


@asynccontextmanager
async def serve_feeds() -> AsyncIterator[FeedServer]:
    """Run the server."""
    server = FeedServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()


def rss(*items: str, title: str = "Torrents") -> str:
    """Return an RSS feed."""
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:torrent="http://xmlns.ezrss.it/0.1/">'
    return f"{head}<channel><title>{escape(title)}</title>{''.join(items)}</channel></rss>"


def infohash(number: int) -> str:
    """Return an infohash of a torrent that nobody has."""
    return f"{number:02x}" * 20


def magnet(number: int) -> str:
    return f"magnet:?xt=urn:btih:{infohash(number)}&dn=torrent+{number}"


def item(title: str, link: str, *, name: str = "", size: int = 0) -> str:
    """Return an entry of an RSS feed."""
    length = f"<torrent:contentLength>{size}</torrent:contentLength>" if size else ""
    known = f"<title>{escape(title)}</title><guid>{escape(name or link)}</guid><link>{escape(link)}</link>"
    return f"<item>{known}{length}</item>"


def show(number: int, **more) -> str:
    """Return an entry with a magnet link."""
    return item(f"Some.Show.S01E{number:02}.1080p", magnet(number), **more)
