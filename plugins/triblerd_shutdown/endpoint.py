"""``PUT /shutdown``."""

import msgspec
from aiohttp import web

from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.services import Lifecycle
from triblerd_shutdown.schemas import ShuttingDown


class ShutdownEndpoint(Endpoint):
    """The end of the daemon."""

    prefix = "/shutdown"

    def __init__(self, *, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    @route("PUT", "", scope=Scope.ADMIN, answers=ShuttingDown)
    async def shut_down(self, request: web.Request) -> web.StreamResponse:
        """Stop the daemon in order.

        The answer comes at once, before anything is stopped. A body is ignored; a second call changes nothing.
        """
        response = web.Response(body=msgspec.json.encode(ShuttingDown()), content_type="application/json")
        try:
            await response.prepare(request)
            await response.write_eof()
        finally:  # a client that did not wait for the answer meant it, too
            self._lifecycle.request_stop()
        return response
