"""The rest of the world on 127.0.0.1: a seeder, a tracker that tells of it, and a web server with torrent files."""

import socket
from contextlib import asynccontextmanager

from aiohttp import web

from triblerd_libtorrent.testing import Seeder

_ANNOUNCE_AGAIN = 600


class Swarm:
    """A seeder, and the tracker by which daemons find it.

    Attributes:
        seeder: The peer.
        url: The address of the web server, which also has every torrent as ``<infohash>.torrent``.
    """

    def __init__(self, seeder, url):
        self.seeder = seeder
        self.url = url
        self._torrents = {}

    def seed(self, content, **parts):
        """Make a torrent of ``content`` that names the tracker, and seed it."""
        torrent = self.seeder.seed_new(content, trackers=(f"{self.url}/announce",), **parts)
        self._torrents[f"{torrent.infohash}.torrent"] = torrent.metainfo
        return torrent

    async def answer(self, request):
        """Answer as a tracker, or with a torrent file."""
        if request.path == "/announce":
            peer = socket.inet_aton(self.seeder.host) + self.seeder.port.to_bytes(2)
            return web.Response(body=b"d8:intervali%de5:peers6:%be" % (_ANNOUNCE_AGAIN, peer))
        if request.path == "/moved":
            raise web.HTTPFound("/" + request.query["to"])
        return web.Response(body=self._torrents[request.path[1:]])


@asynccontextmanager
async def start_swarm(folder):
    """Run a swarm whose files are in ``folder``."""
    seeder = Seeder(folder)
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    swarm = Swarm(seeder, "")
    app.router.add_get("/{path:.*}", swarm.answer)
    await runner.setup()
    await web.TCPSite(runner, seeder.host, 0).start()
    swarm.url = f"http://{seeder.host}:{runner.addresses[0][1]}"
    try:
        yield swarm
    finally:
        seeder.close()
        await runner.cleanup()
