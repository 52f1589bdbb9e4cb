"""Clients that play, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.plugins.downloads.conftest import seeder, service, start_downloads, upload
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine, TorrentPieces, TorrentSwarm

__all__ = ["seeder", "start_downloads"]

PIECE = 16 * 1024


class Player:
    """Asks a daemon for parts of files."""

    def __init__(self, daemon, http):
        self.daemon = daemon
        self._http = http

    def url(self, infohash, index=0):
        return f"http://127.0.0.1:{self.daemon.port}/downloads/{infohash}/stream/{index}?apikey={self.daemon.key}"

    def open(self, infohash, index=0, *, method="GET", **headers):
        """Begin a request, to be used by ``async with``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, self.url(infohash, index), headers=named)

    async def get(self, infohash, index=0, *, method="GET", **headers):
        """Return the whole answer: status, headers, content."""
        async with self.open(infohash, index, method=method, **headers) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
def start_player(start_downloads):
    """Run a daemon, and a player of its files."""

    @asynccontextmanager
    async def start(*plugins, **config):
        async with (
            start_downloads(*plugins, **config) as daemon,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as http,
        ):
            yield Player(daemon, http)

    return start


async def add(daemon, torrent, seeder=None, **params):
    """Add a torrent; with a seeder, connect to it."""
    await upload(daemon, torrent, **params)
    if seeder is not None:
        await connect(daemon, torrent, seeder)


async def connect(daemon, torrent, seeder):
    await wait_for(lambda: service(daemon, TorrentEngine).has(torrent.infohash))
    service(daemon, TorrentSwarm).connect_peer(torrent.infohash, seeder.host, seeder.port)


async def pieces_of(daemon, infohash):
    """Return the indices of the pieces that are there."""
    bitmap = await service(daemon, TorrentPieces).bitmap(infohash)
    return {piece for piece in range(len(bitmap) * 8) if bitmap[piece >> 3] & 0x80 >> (piece & 7)}


async def read_slowly(answer, count):
    """Read some bytes of an open answer and leave the rest."""
    async with asyncio.timeout(15):
        return await answer.content.readexactly(count)
