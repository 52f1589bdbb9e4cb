"""Each answer is told to those who measure, once its headers go out."""

import asyncio
import time

import pytest
from aiohttp import web

from tests.kernel.http.conftest import KEY
from triblerd.errors import NotFoundError
from triblerd.http.answers import Answers
from triblerd.http.endpoint import Endpoint, route
from triblerd.services import AnsweredRequest


class Things(Endpoint):
    prefix = "/things"

    def __init__(self):
        self.gate = asyncio.Event()
        self.is_slow = asyncio.Event()

    @route("GET", "/{name}")
    async def one(self, name: str) -> str:
        """Return one."""
        return name

    @route("GET", "/slow/one")
    async def slow(self) -> str:
        """Wait for the gate."""
        self.is_slow.set()
        await self.gate.wait()
        return "slow"

    @route("PUT", "/{name}")
    async def missing(self, name: str) -> str:
        """Miss it."""
        raise NotFoundError(name)

    @route("GET", "/broken/one")
    async def broken(self) -> str:
        """Fail."""
        raise ValueError

    @route("GET", "/open/stream", streams=True)
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Stream until the gate opens."""
        response = web.StreamResponse()
        await response.prepare(request)
        await self.gate.wait()
        return response


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def heard(answers):
    heard: list[AnsweredRequest] = []
    answers.listen(heard.append)
    return heard


def summaries(heard):
    return [(answer.method, answer.route, answer.status) for answer in heard]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (("GET", "/things/0123"), ("GET", "/things/{name}", 200)),
        (("HEAD", "/things/0123"), ("HEAD", "/things/{name}", 200)),
        (("PUT", "/things/0123"), ("PUT", "/things/{name}", 404)),
        (("GET", "/things/broken/one"), ("GET", "/things/broken/one", 500)),
        (("HEAD", "/things/open/stream"), ("HEAD", "/things/open/stream", 200)),
        (("GET", "/0123"), ("", "", 404)),
        (("TRACE", "/things/0123"), ("", "", 405)),
        (("OPTIONS", "/things/0123"), ("", "", 204)),
    ],
)
async def test_an_answer_is_told_with_the_declared_path_and_never_the_sent_one(serve, answers, heard, sent, told):
    async with serve(Things(), answers=answers) as served:
        await served.ask(*sent)

    assert summaries(heard) == [told]


async def test_who_has_no_key_does_not_choose_what_is_told(serve, answers, heard):
    async with serve(Things(), answers=answers) as served:
        await served.get("/things/0123", headers={"X-Api-Key": "wrong"})

    assert summaries(heard) == [("", "", 401)]


async def test_the_time_of_an_answer_is_what_its_handler_took(serve, answers, heard):
    things = Things()
    async with serve(things, answers=answers) as served:
        began = time.perf_counter()
        asking = asyncio.create_task(served.get("/things/slow/one"))
        await things.is_slow.wait()
        await served.get("/things/quick")
        things.gate.set()
        await asking
        took = time.perf_counter() - began

    quick, slow = heard
    assert 0 < quick.seconds < slow.seconds < took


async def test_a_stream_is_told_when_it_begins_not_when_it_ends(serve, answers, heard):
    things = Things()
    head = f"GET /things/open/stream HTTP/1.1\nHost: localhost\nX-Api-Key: {KEY}\n\n"
    async with serve(things, answers=answers) as served, served.raw(head) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")

        assert summaries(heard) == [("GET", "/things/open/stream", 200)]
        things.gate.set()


async def test_a_listener_that_fails_harms_nobody(serve, answers, caplog):
    heard: list[AnsweredRequest] = []
    answers.listen(lambda answer: heard.append(answer.missing))
    answers.listen(heard.append)
    async with serve(Things(), answers=answers) as served:
        answer = await served.get("/things/one")

    assert answer.status == 200
    assert len(heard) == 1
    assert "A listener failed on the answer to GET /things/{name}" in caplog.text


async def test_who_stops_listening_hears_nothing_more(serve, answers):
    heard: list[AnsweredRequest] = []
    unlisten = answers.listen(heard.append)
    async with serve(Things(), answers=answers) as served:
        await served.get("/things/one")
        unlisten()
        unlisten()
        await served.get("/things/two")

    assert len(heard) == 1
