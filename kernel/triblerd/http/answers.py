"""Each answer, told to whoever measures. While nobody does, it costs a look at an empty list."""

import logging
import time
from collections.abc import Callable

from aiohttp import web

from triblerd.http.endpoint import Route
from triblerd.services import AnsweredRequest, AnswerListener

log = logging.getLogger(__name__)

ROUTE = web.RequestKey("triblerd.route", Route)
"""The route that a request was for, once the router knows."""
_ARRIVED = web.RequestKey("triblerd.arrived", float)


class Answers:
    """Implements :class:`triblerd.services.Requests`. For the event loop's thread only."""

    def __init__(self) -> None:
        self._listeners: list[AnswerListener] = []

    def listen(self, listener: AnswerListener) -> Callable[[], None]:
        """Call ``listener`` with each answer from now on."""
        self._listeners.append(listener)

        def unlisten() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unlisten

    def arrived(self, request: web.Request) -> None:
        """Note when a request came; called before anything is done for it."""
        if self._listeners:
            request[_ARRIVED] = time.perf_counter()

    def begins(self, request: web.Request, response: web.StreamResponse) -> None:
        """Tell of an answer whose headers go out now. A listener that fails is logged, and changes nothing."""
        if not self._listeners or (arrived := request.get(_ARRIVED)) is None:
            return
        route = request.get(ROUTE)
        answered = AnsweredRequest(
            method=request.method if route else "",
            route=route.path if route else "",
            status=response.status,
            seconds=time.perf_counter() - arrived,
        )
        for listener in list(self._listeners):
            try:
                listener(answered)
            except Exception:  # a border: a plugin's life
                log.exception("A listener failed on the answer to %s %s", answered.method, answered.route)
