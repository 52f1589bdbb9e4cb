"""Trackers for tests: a real one over HTTP (BEP 3, BEP 48) and a real one over UDP (BEP 15), on 127.0.0.1."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

EVENTS = ("", "completed", "started", "stopped")
"""By their numbers in BEP 15."""


@dataclass
class Announced:
    """What a peer announced."""

    infohash: str
    event: str
    port: int


@dataclass
class Tracker:
    """What a tracker says, which a test may change at any time, and what it was told.

    Attributes:
        url: Its announce URL.
        peers: Addresses and ports that it names.
        answer: Answers announces in the place of what it would say: bytes of the body or datagram.
        status: Of its HTTP answers.
        is_silent: It takes requests and never answers.
        redirect: Where it sends those who ask by HTTP.
        swarms: Seeds and leeches of single torrents, by infohash in hex; of others it says ``seeds`` and ``leeches``.
        scrapes: The infohashes of each scrape.
        visitors: The address of whoever asked, and what it called itself over HTTP.
    """

    url: str = ""
    interval: int = 600
    seeds: int = 3
    leeches: int = 2
    peers: list[tuple[str, int]] = field(default_factory=list)
    warning: str = ""
    failure: str = ""
    answer: bytes | None = None
    status: int = 200
    is_silent: bool = False
    redirect: str = ""
    announces: list[Announced] = field(default_factory=list)
    swarms: dict[str, tuple[int, int]] = field(default_factory=dict)
    scrapes: list[list[str]] = field(default_factory=list)
    visitors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        """The events that it was told, in order."""
        return [announced.event for announced in self.announces]

    def swarm(self, infohash: bytes) -> tuple[int, int]:
        """Return the seeds and leeches of a torrent."""
        return self.swarms.get(infohash.hex(), (self.seeds, self.leeches))

    @property
    def compact_peers(self) -> bytes:
        """The peers as BEP 23 writes them."""
        return b"".join(socket.inet_aton(host) + struct.pack(">H", port) for host, port in self.peers)


@asynccontextmanager
async def http_tracker() -> AsyncIterator[Tracker]:
    """Run a tracker over HTTP."""
    tracker = Tracker()
    over = asyncio.Event()

    async def announce(request: web.Request) -> web.Response:
        tracker.visitors.append((str(request.remote), request.headers.get("User-Agent", "")))
        query = {name: unquote_to_bytes(value) for name, value in _raw_query(request)}
        infohash, port = query["info_hash"].hex(), int(query["port"])
        tracker.announces.append(Announced(infohash, query.get("event", b"").decode(), port))
        if tracker.is_silent:
            await over.wait()
        if tracker.redirect:
            return web.Response(status=302, headers={"Location": f"{tracker.redirect}?{_asked(request)}"})
        return web.Response(status=tracker.status, body=_http_answer(tracker))

    async def scrape(request: web.Request) -> web.Response:
        tracker.visitors.append((str(request.remote), request.headers.get("User-Agent", "")))
        infohashes = [unquote_to_bytes(value) for name, value in _raw_query(request) if name == "info_hash"]
        tracker.scrapes.append([infohash.hex() for infohash in infohashes])
        if tracker.is_silent:
            await over.wait()
        if tracker.failure:
            return web.Response(body=_http_answer(tracker))
        files = {}
        for infohash in infohashes:
            seeds, leeches = tracker.swarm(infohash)
            files[infohash] = {b"complete": seeds, b"downloaded": 9, b"incomplete": leeches}
        return web.Response(status=tracker.status, body=bencode({b"files": files}))

    app = web.Application()
    app.router.add_get("/announce", announce)
    app.router.add_get("/scrape", scrape)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tracker.url = f"http://127.0.0.1:{runner.addresses[0][1]}/announce"
    try:
        yield tracker
    finally:
        over.set()
        await runner.cleanup()


@asynccontextmanager
async def udp_tracker() -> AsyncIterator[Tracker]:
    """Run a tracker over UDP."""
    tracker = Tracker()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _UdpTracker(tracker), local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    tracker.url = f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}/announce"
    try:
        yield tracker
    finally:
        transport.close()
        await asyncio.sleep(0)


class _UdpTracker(asyncio.DatagramProtocol):
    _MAGIC = 0x41727101980
    _CONNECTION = 4711

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        connection, action, transaction = struct.unpack_from(">qii", data)
        self._tracker.visitors.append((addr[0], ""))
        if self._tracker.is_silent:
            return
        actions: dict[int, Callable[[bytes], bytes]] = {1: self._announce, 2: self._scrape}
        if action == 0 and connection == self._MAGIC:
            body = struct.pack(">q", self._CONNECTION)
        elif action in actions and connection == self._CONNECTION:
            body = actions[action](data)
            if self._tracker.failure:
                action, body = 3, self._tracker.failure.encode()
        else:
            action, body = 3, b"not connected"
        self._transport.sendto(struct.pack(">ii", action, transaction) + body, addr)

    def _announce(self, data: bytes) -> bytes:
        tracker = self._tracker
        event, port = struct.unpack_from(">i", data, 80)[0], struct.unpack_from(">H", data, 96)[0]
        tracker.announces.append(Announced(data[16:36].hex(), EVENTS[event], port))
        if tracker.answer is not None:
            return tracker.answer
        return struct.pack(">iii", tracker.interval, tracker.leeches, tracker.seeds) + tracker.compact_peers

    def _scrape(self, data: bytes) -> bytes:
        infohashes = [data[start : start + 20] for start in range(16, len(data), 20)]
        self._tracker.scrapes.append([infohash.hex() for infohash in infohashes])
        swarms = map(self._tracker.swarm, infohashes)
        return b"".join(struct.pack(">iii", seeds, 9, leeches) for seeds, leeches in swarms)


def bencode(value: object) -> bytes:
    """Return a value in the form of BEP 3."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            return bencode(value.encode())
        case bytes():
            return b"%d:%b" % (len(value), value)
        case list():
            return b"l%be" % b"".join(map(bencode, value))
        case dict():
            return b"d%be" % b"".join(bencode(key) + bencode(value[key]) for key in sorted(value))
    raise TypeError(value)


def _http_answer(tracker: Tracker) -> bytes:
    if tracker.answer is not None:
        return tracker.answer
    if tracker.failure:
        return bencode({b"failure reason": tracker.failure})
    answer: dict[bytes, object] = {
        b"complete": tracker.seeds,
        b"incomplete": tracker.leeches,
        b"interval": tracker.interval,
        b"peers": tracker.compact_peers,
    }
    if tracker.warning:
        answer[b"warning message"] = tracker.warning
    return bencode(answer)


def _raw_query(request: web.Request) -> list[tuple[str, str]]:
    # The hashes are bytes and no text, so that they are taken apart before anybody decodes them.
    return parse_qsl(_asked(request).replace("%", "%25"))


def _asked(request: web.Request) -> str:
    return request.rel_url.raw_query_string
