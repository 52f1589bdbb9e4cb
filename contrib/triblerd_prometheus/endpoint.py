"""``GET /metrics``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from triblerd.http.endpoint import Endpoint, route
from triblerd_prometheus.rules import Family


class MetricsEndpoint(Endpoint):
    """The daemon's figures, as Prometheus reads them."""

    prefix = "/metrics"

    def __init__(
        self,
        *,
        scrape: Callable[[], Awaitable[Sequence[Family]]],
        write: Callable[[Sequence[Family], str], tuple[bytes, str]],
    ) -> None:
        self._scrape = scrape
        self._write = write

    @route("GET", "", media_type="text/plain; version=0.0.4; charset=utf-8")
    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Return all figures in Prometheus' text format, or in that of OpenMetrics if `Accept` asks for it."""
        families = await self._scrape()
        # A thousand lines take some milliseconds.
        body, media_type = await asyncio.to_thread(self._write, families, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": media_type})
