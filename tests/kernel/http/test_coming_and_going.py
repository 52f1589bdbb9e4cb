"""Routes that come and go while requests are served, their aliases with them."""

import asyncio
import random

import pytest
from aiohttp import web

from tests.kernel.http.test_router import Paths
from triblerd.http.endpoint import Endpoint, route
from triblerd.http.router import Router
from triblerd.testing import wait_for


class Slow(Endpoint):
    prefix = "/slow"

    def __init__(self):
        self.gate = asyncio.Event()
        self.entered = 0
        self.left = 0

    @route("GET", "")
    async def slow(self) -> str:
        """Answer when the gate opens."""
        self.entered += 1
        try:
            await self.gate.wait()
        finally:
            self.left += 1
        return "slow"

    @route("GET", "/stream", streams=True, media_type="text/event-stream")
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Stream for ever."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        self.entered += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1
        return response

    @route("GET", "/half")
    async def half(self, request: web.Request) -> web.StreamResponse:
        """Announce more than comes in time."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        self.entered += 1
        await self.gate.wait()
        return response

    @route("GET", "/quick")
    async def quick(self) -> str:
        """Answer at once."""
        return "quick"


async def test_a_declared_route_without_its_plugin_answers_503_with_the_reason(serve):
    async with serve(Slow(), bind=False) as served:
        served.router.describe("area", "failed", "OSError: stuck")
        answer = await served.get("/slow/quick")
        served.router.retract("area")
        gone = await served.get("/slow/quick")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.error == {
        "handled": True,
        "code": "UnavailableError",
        "message": "The plugin area is failed: OSError: stuck",
    }
    assert gone.status == 404


async def test_clients_of_the_other_dialect_get_the_answer_that_they_know(serve):
    class Old(Endpoint):
        prefix = "/api/old"

        @route("GET", "")
        async def old(self) -> str:
            """Be old."""
            return "old"

    async with serve(Old(), bind=False) as served:
        answer = await served.get("/api/old")

    assert (answer.status, answer.error) == (
        404,
        {"handled": True, "message": "Required components not initialized to serve /api/old"},
    )


async def test_requests_in_flight_finish_while_new_ones_are_refused(serve):
    slow = Slow()
    async with serve(slow) as served, asyncio.TaskGroup() as group:
        request = group.create_task(served.get("/slow"))
        await wait_for(lambda: slow.entered)
        unbinding = group.create_task(served.router.unbind("area", 10))
        await asyncio.sleep(0)
        refused = await served.get("/slow/quick")
        assert not unbinding.done()
        slow.gate.set()
        answer = await request
        await unbinding

    assert (answer.status, answer.json) == (200, "slow")
    assert refused.status == 503


async def test_requests_that_outlast_the_grace_are_cancelled_and_answered(serve):
    slow = Slow()
    async with serve(slow) as served, asyncio.TaskGroup() as group:
        requests = [group.create_task(served.get("/slow")) for _ in range(5)]
        await wait_for(lambda: slow.entered == 5)
        await served.router.unbind("area", 0.05)
        answers = [await request for request in requests]

    assert [answer.status for answer in answers] == [503] * 5
    assert slow.left == 5
    assert served.unhandled == []


async def test_streams_end_at_once_and_in_order(serve):
    slow = Slow()
    async with serve(slow) as served:
        async with served.client.get(f"http://127.0.0.1:{served.port}/slow/stream") as response:
            assert await response.content.readline() == b"data: 1\n"
            await served.router.unbind("area", 60)
            rest = await response.read()
        served.router.bind("area", [Slow()])
        again = await served.get("/slow/quick")

    assert rest == b"\n"
    assert slow.left == 1
    assert again.status == 200


async def test_an_answer_that_is_cut_off_looks_cut_off(serve):
    slow = Slow()
    async with serve(slow) as served, served.raw(get_request("/slow/half")) as (reader, _):
        await reader.readuntil(b"half")
        await served.router.unbind("area", 0)

        assert await reader.read() == b""


async def test_head_of_a_stream_ends_after_the_headers(serve):
    slow = Slow()
    async with serve(slow) as served:
        answer = await served.ask("HEAD", "/slow/stream")
        assert (await served.get("/slow/quick")).status == 200

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert slow.entered == 0


async def test_a_stream_may_answer_head_itself(serve):
    class Film(Endpoint):
        prefix = "/film"

        @route("GET", "", streams=True, answers_head=True, media_type="video/mp4")
        async def film(self, request: web.Request) -> web.StreamResponse:
            """Tell how much there is of it."""
            return web.StreamResponse(headers={"Content-Length": "7", "Content-Type": f"video/{request.method}"})

    async with serve(Film()) as served:
        answer = await served.ask("HEAD", "/film")

    assert (answer.headers["Content-Length"], answer.headers["Content-Type"]) == ("7", "video/HEAD")


async def test_a_stream_whose_client_has_gone_is_ended(serve):
    slow = Slow()
    async with serve(slow) as served:
        async with served.raw(get_request("/slow/stream")) as (reader, _):
            await reader.readuntil(b"data: 1")
        await wait_for(lambda: slow.left)


async def test_a_request_that_stops_its_own_plugin_is_answered(serve):
    class Suicidal(Endpoint):
        router: Router

        @route("PUT", "/stop")
        async def stop(self) -> str:
            """Stop."""
            await self.router.unbind("area", 10)
            return "stopped"

    endpoint = Suicidal()
    async with serve(endpoint) as served:
        endpoint.router = served.router
        answer = await served.ask("PUT", "/stop")

    assert answer.json == "stopped"


async def test_requests_are_never_wrong_while_another_plugin_comes_and_goes(serve):
    class Guest(Endpoint):
        prefix = "/guest"

        @route("GET", "/{name}")
        async def guest(self, name: str) -> str:
            """Say a name."""
            await asyncio.sleep(pause())
            return name

    def pause():
        return chance.uniform(0, 0.004)

    chance = random.Random(7)  # not in step with the requests
    statuses = {200: 0, 404: 0, 503: 0}
    async with serve(Paths()) as served:

        async def ask(numbers):
            for number in numbers:
                answer, guest = await served.get(f"/things/{number}"), await served.get(f"/guest/{number}")
                assert answer.json == f"one {number}"
                assert guest.status in statuses
                assert guest.status != 200 or guest.json == str(number)
                statuses[guest.status] += 1

        async def come_and_go():
            while True:
                served.router.declare("guest", [Guest])
                await asyncio.sleep(pause())
                served.router.bind("guest", [Guest()])
                await asyncio.sleep(pause())
                await served.router.unbind("guest", chance.choice((0, 1)))
                served.router.retract("guest")
                await asyncio.sleep(pause())

        guest = asyncio.create_task(come_and_go())
        await asyncio.gather(*(ask(range(worker * 125, worker * 125 + 125)) for worker in range(8)))
        guest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await guest

    assert all(statuses.values()), statuses
    assert served.unhandled == []


def get_request(path):
    return f"GET {path} HTTP/1.1\nHost: localhost\nX-Api-Key: the-right-key\n\n"


class Books(Endpoint):
    prefix = "/books"

    @route("GET", "")
    async def all(self) -> str:
        """List."""
        return "all"

    @route("GET", "/{number}/title")
    async def title(self, number: int) -> str:
        """Tell a title."""
        return f"title {number}"


class Shelf(Endpoint):
    prefix = "/v2/books"

    @route("GET", "/{book}/title")
    async def title(self, book: int) -> str:
        """Tell a title in another way."""
        return f"other title {book}"


async def test_routes_of_others_answer_under_an_alias_unless_one_is_declared_there(serve):
    async with serve(Books()) as served:
        served.router.declare("shelf", [Shelf], {"/v2/books": "/books", "/v2/all": "/books", "/v3": "/none"})
        served.router.bind("shelf", [Shelf()])
        answers = [await served.get(path) for path in ("/v2/books", "/v2/books/7/title", "/v2/all/7/title", "/v2")]
        paths = [route.path for route in served.router.routes("shelf")]

    assert [answer.json for answer in answers[:3]] == ["all", "other title 7", "title 7"]
    assert answers[3].status == 404
    assert paths == ["/v2/all", "/v2/all/{number}/title", "/v2/books", "/v2/books/{book}/title"]


async def test_an_alias_goes_with_either_plugin(serve):
    async with serve(Books()) as served:
        served.router.declare("shelf", [], {"/api/books": "/books"})
        there = await served.get("/api/books")
        served.router.retract("area")
        without_area = await served.get("/api/books")
        served.router.retract("shelf")
        without_alias = await served.get("/api/books")

    assert there.json == "all"
    assert without_area.error["message"] == "Required components not initialized to serve /api/books"
    assert without_alias.error["message"] == "Could not find /api/books"
