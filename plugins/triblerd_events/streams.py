"""The hub: hears each event once, encodes it once per dialect, and hands it to every open stream."""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aiohttp import web

from triblerd.events import Event
from triblerd.plugin import hookimpl
from triblerd_events.api import Framing, StreamOpened

log = logging.getLogger(__name__)

QUEUE_LIMIT = 1000
"""Events that may wait for a slow client; one more, and its stream is closed."""
BATCH = 64
"""Events that go out in one write at most."""
COMMENT = b": keepalive\n\n"
"""What breaks a long silence, in dialects whose clients bear it."""
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "Connection": "keep-alive",
    "X-Accel-Buffering": "no",  # a proxy that collects output would hold events back
}
KEEPALIVE = {  # a vanished client is noticed after 60 + 3 * 20 seconds, without a byte in the stream
    "SO_KEEPALIVE": (socket.SOL_SOCKET, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, 60),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, 20),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, 3),
}


class Stream:
    """What waits to be sent to one client. One task reads it; ``asyncio.Queue`` would cost half as much again."""

    def __init__(self, transport: asyncio.BaseTransport | None) -> None:
        self._transport = transport
        self._waiting: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """The number of events that wait to be sent."""
        return len(self._waiting)

    def offer(self, chunk: bytes) -> None:
        """Send ``chunk`` after what waits already. A client that is too slow for that loses its connection."""
        if len(self._waiting) == QUEUE_LIMIT:
            self._abort()
            return
        self._waiting.append(chunk)
        self._wake()

    def end_if_dead(self) -> None:
        """End the stream if its connection is gone: without events no write would ever fail."""
        if self._transport is None or self._transport.is_closing():
            self._waiting.clear()
            self._wake()

    def give_up_if_stuck(self) -> None:
        """Cut the connection of a client that does not take what was sent: its stream could not end in order."""
        if isinstance(self._transport, asyncio.WriteTransport) and self._transport.get_write_buffer_size():
            self._transport.abort()

    async def next(self) -> bytes:
        """Return what waits, up to a batch, as soon as anything does; nothing at the end."""
        waiting = self._waiting
        if not waiting:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if len(waiting) == 1:
            return waiting.popleft()
        return b"".join([waiting.popleft() for _ in range(min(BATCH, len(waiting)))])

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _abort(self) -> None:
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()


class EventHub:
    """Every open stream. Implements :class:`triblerd_events.api.EventStreams`.

    Args:
        version: The daemon's version, for the first event of each stream.
    """

    def __init__(self, *, version: str) -> None:
        self._version = version
        self._streams: dict[Framing, set[Stream]] = {}
        self._undelivered: dict[type[Event], Event] = {}

    @property
    def count(self) -> int:
        """The number of open streams."""
        return sum(map(len, self._streams.values()))

    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        """Tell who listens, and what waits for slow ones."""
        streams = [stream for streams in self._streams.values() for stream in streams]
        return {
            "streams": len(streams),
            "most_waiting": max((stream.waiting for stream in streams), default=0),
            "undelivered": [kind.topic for kind in self._undelivered],
        }

    def hear(self, event: Event) -> None:
        """Hand an event of the bus to every stream; keep it for the first one if it is of the kind that is kept."""
        if not self._streams:
            if event.kept:
                self._undelivered.setdefault(type(event), event)
            return
        for framing, streams in self._streams.items():
            if chunk := _framed(framing, event):
                for stream in streams:
                    stream.offer(chunk)

    @property
    def version(self) -> str:
        """The daemon's version."""
        return self._version

    async def serve(
        self, request: web.Request, framing: Framing, *, comment_seconds: float | None = None
    ) -> web.StreamResponse:
        """Answer a request with events until the client goes or the request is cancelled."""
        response = web.StreamResponse(headers=HEADERS)
        _watch_for_a_dead_peer(request.transport)
        with self._opened(request, framing) as stream, contextlib.suppress(ConnectionError):
            try:
                await response.prepare(request)
                while chunk := await _next(stream, comment_seconds):
                    await response.write(chunk)
            except asyncio.CancelledError:
                stream.give_up_if_stuck()
                raise
        return response

    @contextmanager
    def _opened(self, request: web.Request, framing: Framing) -> Iterator[Stream]:
        stream = Stream(request.transport)
        start = StreamOpened(public_key="", version=self._version, sessions=self.count)
        for event in (start, *self._undelivered.values()):
            if chunk := _framed(framing, event):
                self._undelivered.pop(type(event), None)  # or another dialect's first stream has it
                stream.offer(chunk)
        for streams in self._streams.values():
            for other in streams:
                other.end_if_dead()
        streams = self._streams.setdefault(framing, set())
        streams.add(stream)
        try:
            yield stream
        finally:
            streams.discard(stream)
            if not streams:
                self._streams.pop(framing, None)


def _framed(framing: Framing, event: Event) -> bytes | None:
    try:
        return framing(event)
    except (TypeError, ValueError):  # no JSON form: one event is lost, the streams go on
        log.exception("The event %s cannot be sent", event.topic)
        return None


async def _next(stream: Stream, comment_seconds: float | None) -> bytes:
    try:
        async with asyncio.timeout(comment_seconds):
            return await stream.next()
    except TimeoutError:
        return COMMENT


def _watch_for_a_dead_peer(transport: asyncio.BaseTransport | None) -> None:
    link = transport.get_extra_info("socket") if transport else None
    if link is None:
        return
    for name, (level, value) in KEEPALIVE.items():
        if option := getattr(socket, name, None):  # not every system has all of them
            link.setsockopt(level, option, value)
