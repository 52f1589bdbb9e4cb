"""Clients that are slow, idle, many or gone: the others do not notice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.daemon.hostile.target import Target, status_of
from tests.daemon.hostile.torrents import single
from triblerd.testing import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HELD_UP_SECONDS = 10.0  # one after the other, each client of a crowd would take two


class Crowd:
    """Connections that stay open until the end of the test."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def send(self, request: bytes) -> Link:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        writer.write(request)
        with contextlib.suppress(ConnectionError):  # closed already: one too many
            await writer.drain()
        return reader, writer

    def leave(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@pytest_asyncio.fixture(loop_scope="module")
async def crowd(target: Target) -> AsyncIterator[Crowd]:
    crowd = Crowd(target.port)
    yield crowd
    crowd.leave()


async def others_are_served(target: Target) -> None:
    async with asyncio.timeout(HELD_UP_SECONDS):
        for _ in range(10):
            await target.get("/downloads")
        await target.put("/downloads", data=single(), headers={"Content-Type": "application/x-bittorrent"})


BEGINNINGS = {
    "nothing": b"",
    "a method": b"GET",
    "half of the headers": b"GET /downloads HTTP/1.1\r\nHost: a\r\nX-",
    "no key and half of a body": b"PUT /downloads HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_a_hundred_who_never_go_on_hold_up_nobody(target: Target, crowd, beginning):
    for _ in range(100):
        await crowd.send(beginning)

    await others_are_served(target)


async def test_a_body_that_does_not_come_is_given_up(target: Target, crowd):
    head = target.head("PUT", "/downloads", {"Content-Length": "1000"})
    links = [await crowd.send(head + b"\r\n{") for _ in range(50)]

    await others_are_served(target)
    answers = await asyncio.gather(*(asyncio.wait_for(reader.readline(), 8) for reader, _ in links))

    assert {status_of(answer) for answer in answers} == {408}


async def test_a_body_that_comes_a_byte_at_a_time_is_given_up(target: Target, crowd):
    reader, writer = await crowd.send(target.head("PUT", "/downloads", {"Content-Length": "1000"}) + b"\r\n")

    async def drip() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    answer = await asyncio.wait_for(reader.readline(), 8)
    dripping.cancel()

    assert status_of(answer) == 408


async def test_a_client_that_leaves_in_the_middle_is_no_error(target: Target, crowd):
    parts = [
        target.head("GET", "/downloads") + b"\r\n",
        target.head("PUT", "/downloads", {"Content-Length": "1000"}) + b"\r\n{",
        target.head("PUT", "/downloads", {"Transfer-Encoding": "chunked"}) + b"\r\n5\r\nab",
        target.head("GET", "/events") + b"\r\n",
        target.head("PATCH", "/plugins/state", {"Content-Length": "15"}) + b'\r\n{"reload":true}',
    ]
    for part in parts * 20:
        await crowd.send(part)
    crowd.leave()

    await wait_for(lambda: target.get("/healthz"))
    await others_are_served(target)


async def test_a_client_that_reads_no_answers_holds_up_nobody(target: Target, crowd):
    asks = target.head("GET", "/docs/openapi.json", {"Connection": "keep-alive"}) + b"\r\n"

    for _ in range(10):
        await crowd.send(asks * 500)

    await others_are_served(target)


async def test_more_connections_than_there_is_room_for_are_closed_and_then_welcome_again(target: Target, crowd):
    await target.get("/healthz")  # this connection stays
    for _ in range(600):
        await crowd.send(b"")

    await target.get("/healthz")
    crowd.leave()

    await wait_for(lambda: answers(target), what="room for a new connection")


async def answers(target: Target) -> bool:
    try:
        return status_of(await target.raw(target.head("GET", "/downloads") + b"\r\n")) == 200
    except ConnectionError:
        return False


async def test_a_flood_of_wrong_keys_locks_out_the_guesser_and_not_the_owner(target: Target):
    guess = b"GET /downloads HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: wrong\r\nConnection: close\r\n\r\n"

    statuses = [status_of(await target.raw(guess)) for _ in range(80)]

    assert set(statuses) == {401, 429}
    await others_are_served(target)
