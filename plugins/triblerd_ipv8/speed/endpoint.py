"""The tests of circuits under ``/ipv8/tunnel``, in the forms of both generations of clients."""

import contextlib
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web
from msgspec import UNSET, UnsetType

from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, encode_json, route
from triblerd_ipv8.answers import acting_route, in_plain_form
from triblerd_ipv8.tunnel.schemas import CountedTest, TimedTest
from triblerd_tunnels.api import SpeedFigures, TunnelView

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
MOST_HOPS = 3
MOST_BYTES = 2000
MOST_REQUESTS = 10_000
MOST_MILLISECONDS = 60_000
MOST_CIRCUIT_ID = 2**32 - 1
MOST_DIGITS = 10


class NoTunnelsError(NotFoundError):
    """Nobody builds tunnels."""

    def __init__(self) -> None:
        super().__init__("TunnelCommunity is not initialized")


class SpeedEndpoint(Endpoint):
    """How fast circuits are."""

    prefix = "/ipv8/tunnel/circuits"

    def __init__(self, *, view: Callable[[], TunnelView | None]) -> None:
        self._view = view

    @route(
        "POST",
        "/test",
        raises=(NoTunnelsError, FailedError),
        examples={"body": {"request_size": 50, "response_size": 1024, "num_requests": 100, "goal_hops": 1}},
    )
    @in_plain_form
    async def test_new_circuit(self, body: CountedTest) -> SpeedFigures:
        """Build a circuit, send requests over it, and answer when all were answered or are lost."""
        _hops(body.goal_hops)
        return await self._test_requests(None, body)

    @route("POST", "/{circuit_id}/test", raises=(NoTunnelsError, FailedError))
    @in_plain_form
    async def test_circuit(self, circuit_id: str, body: CountedTest) -> SpeedFigures:
        """Send requests over a circuit, and answer when all were answered or are lost."""
        return await self._test_requests(_circuit(circuit_id), body)

    @acting_route(
        "GET",
        "/test",
        media_type="text/event-stream",
        streams=True,
        headers=HEADERS,
        raises=(NoTunnelsError, FailedError),
    )
    @in_plain_form
    async def time_new_circuit(self, query: TimedTest, request: web.Request) -> web.StreamResponse:
        r"""Build a circuit, and tell for some time how fast it is.

        Each line is ``speed: {"up": ..., "down": ...}``, in MiB/s, about twice a second.
        """
        _hops(_number(query.goal_hops))
        return await self._time(None, query, request)

    @acting_route(
        "GET",
        "/{circuit_id}/test",
        media_type="text/event-stream",
        streams=True,
        headers=HEADERS,
        raises=(NoTunnelsError, FailedError),
    )
    @in_plain_form
    async def time_circuit(self, circuit_id: str, query: TimedTest, request: web.Request) -> web.StreamResponse:
        r"""Tell for some time how fast a circuit is.

        Each line is ``speed: {"up": ..., "down": ...}``, in MiB/s, about twice a second.
        """
        return await self._time(_circuit(circuit_id), query, request)

    async def _test_requests(self, circuit_id: int | None, body: CountedTest) -> SpeedFigures:
        request_size, response_size = _sizes(body.request_size, body.response_size)
        if body.num_requests is UNSET or not 1 <= body.num_requests <= MOST_REQUESTS:
            _refuse("number of requests is not specified")
        return await self._tunnels().test_requests(
            circuit_id,
            goal_hops=body.goal_hops,
            request_size=request_size,
            response_size=response_size,
            num_requests=body.num_requests,
        )

    async def _time(self, circuit_id: int | None, query: TimedTest, request: web.Request) -> web.StreamResponse:
        request_size, response_size = _sizes(_number(query.request_size), _number(query.response_size))
        milliseconds = _number(query.test_time_ms)
        if not 1 <= milliseconds <= MOST_MILLISECONDS:
            _refuse("invalid test time specified")
        async with self._tunnels().test_time(
            circuit_id,
            goal_hops=_number(query.goal_hops),
            request_size=request_size,
            response_size=response_size,
            milliseconds=milliseconds,
        ) as samples:
            response = web.StreamResponse(headers=HEADERS)
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):  # whoever wanted to know is gone
                async for sample in samples:
                    await response.write(b"speed: " + encode_json(sample) + b"\n")
                await response.write_eof()
            return response

    def _tunnels(self) -> TunnelView:
        view = self._view()
        if view is None:
            raise NoTunnelsError
        return view


def _circuit(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        _refuse("circuit_id must be an integer")
    return int(text) if len(text) <= MOST_DIGITS else MOST_CIRCUIT_ID + 1  # which no circuit has


def _number(text: str) -> int:
    """Return the number that a text is, -1 for none: no limit here lets that pass."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else -1


def _hops(number: int) -> None:
    if not 1 <= number <= MOST_HOPS:
        _refuse("invalid number of hops specified")


def _sizes(request_size: int | UnsetType, response_size: int | UnsetType) -> tuple[int, int]:
    if request_size is UNSET or response_size is UNSET:
        _refuse("invalid request or response size specified")
    if not 0 <= request_size <= MOST_BYTES or not 0 <= response_size <= MOST_BYTES:
        _refuse("invalid request or response size specified")
    return request_size, response_size


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError(reason)
