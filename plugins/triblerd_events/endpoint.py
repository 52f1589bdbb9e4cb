"""``GET /events``."""

from aiohttp import web

from triblerd.http.endpoint import Endpoint, route
from triblerd_events.api import EventStreams
from triblerd_events.framing import data_line
from triblerd_events.streams import HEADERS


class EventsEndpoint(Endpoint):
    """What happens, as it happens."""

    prefix = "/events"

    def __init__(self, *, streams: EventStreams) -> None:
        self._streams = streams

    @route("GET", "", media_type="text/event-stream", streams=True, headers=HEADERS)
    async def stream_events(self, request: web.Request) -> web.StreamResponse:
        r"""Stream every event from now on.

        Each event is one line ``data: {"topic": ..., "args": [...], "kwargs": {...}}`` and one empty line; nothing
        else stands in the stream. The first event is ``events_start``, to this stream alone. A client that reads
        so slowly that 1000 events wait for it is disconnected. There is no replay: what happens while no stream is
        open is lost, but for the first unhandled error, which goes to the first stream that opens.
        """
        return await self._streams.serve(request, data_line)
