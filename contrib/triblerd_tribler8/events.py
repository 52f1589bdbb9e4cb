"""``GET /api/events`` and ``GET /api/events/info``."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from triblerd.http.endpoint import route
from triblerd_events.api import EventStreams
from triblerd_metadata.api import MetadataStore
from triblerd_tribler8.framing import Framing
from triblerd_tribler8.parts import Dialect

COMMENT_SECONDS = 25.0
"""Proxies end a stream on which nothing came for half a minute or more."""


class StreamsInfo(msgspec.Struct, frozen=True):
    """What the streams begin with."""

    public_key: Annotated[str, Meta(description="Always empty")]
    version: Annotated[str, Meta(description="The daemon's version")]
    sessions: Annotated[str, Meta(description="Open streams, of both dialects, in decimal")]


class EventsPart(Dialect):
    """What happens, as it happens."""

    prefix = "/api/events"

    async def open(self) -> None:
        """Have one framing for all streams: each event is framed once."""
        self._frame = Framing(lambda: self.context.services.find(MetadataStore)).frame

    @route(
        "GET",
        "",
        media_type="text/event-stream",
        streams=True,
        headers={"Cache-Control": "no-cache", "Connection": "keep-alive"},
    )
    async def stream_events(self, request: web.Request) -> web.StreamResponse:
        """Stream every event from now on that version 8 knows.

        Each event is a line `event: <topic>`, a line `data: <JSON object>` and an empty line; the first one is
        `events_start`. After 25 seconds of silence comes the comment `: keepalive`. Otherwise as `/events`.
        """
        return await self.need(EventStreams).serve(request, self._frame, comment_seconds=COMMENT_SECONDS)

    @route("GET", "/info", examples={"answer": {"public_key": "", "version": "1.0.0", "sessions": "1"}})
    async def info(self) -> StreamsInfo:
        """Return what the streams begin with, and how many there are."""
        streams = self.need(EventStreams)
        return StreamsInfo(public_key="", version=streams.version, sessions=str(streams.count))
