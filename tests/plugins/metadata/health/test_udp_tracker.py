"""Scrapes over UDP: a tracker that does as BEP 15 says, and others."""

import asyncio
import socket
import struct
from urllib.parse import urlsplit

import pytest

from tests.plugins.metadata.health.conftest import HERE, datagram_server
from tests.trackers import udp_tracker
from triblerd.testing import wait_for
from triblerd_metadata.health.values import NoAnswerError

HASHES = [bytes([number]) * 20 for number in range(60)]


def place(tracker):
    parts = urlsplit(tracker.url)
    return parts.hostname, parts.port


class Script:
    """Answers connects well and scrapes as it is told; notes what came."""

    def __init__(self, scrape, connect=None):
        self.asked: list[tuple[int, int]] = []
        self._scrape = scrape
        self._connect = connect or (lambda transaction: [struct.pack(">iiq", 0, transaction, 7)])

    def __call__(self, data, send):
        connection, action, transaction = struct.unpack_from(">qii", data)
        self.asked.append((action, connection))
        for reply in (self._connect if action == 0 else self._scrape)(transaction):
            send(reply)


def numbers(transaction, *values):
    return struct.pack(f">ii{len(values)}i", 2, transaction, *values)


async def test_a_tracker_tells_of_many_torrents_at_once(udp):
    async with udp_tracker() as tracker:
        tracker.swarms = {HASHES[1].hex(): (70, 8), HASHES[59].hex(): (0, 0)}

        found = await udp.scrape(place(tracker), HASHES, limit_seconds=5)

    assert found[:2] == [(3, 2), (70, 8)]
    assert found[59] == (0, 0)
    assert tracker.scrapes == [[infohash.hex() for infohash in HASHES]]


async def test_a_connection_serves_for_a_minute(udp):
    script = Script(lambda transaction: [numbers(transaction, 1, 2, 3)])
    async with datagram_server(script) as address:
        for _ in range(3):
            assert await udp.scrape(address, HASHES[:1], limit_seconds=5) == [(1, 3)]
        udp._connections[address] = 0.0, 7  # a minute later
        await udp.scrape(address, HASHES[:1], limit_seconds=5)

    assert [action for action, _ in script.asked] == [0, 2, 2, 2, 0, 2]
    assert {connection for action, connection in script.asked if action == 2} == {7}


async def test_a_tracker_that_forgot_the_connection_is_met_again(udp):
    refusals = [b"Connection ID mismatch"]

    def scrape(transaction):
        return [struct.pack(">ii", 3, transaction) + refusals.pop()] if refusals else [numbers(transaction, 1, 2, 3)]

    script = Script(scrape)
    async with datagram_server(script) as address:
        udp._connections[address] = asyncio.get_running_loop().time() + 60, 5

        assert await udp.scrape(address, HASHES[:1], limit_seconds=5) == [(1, 3)]

    assert script.asked == [(2, 5), (0, 0x41727101980), (2, 7)]


async def test_the_text_of_an_error_is_told_without_control_characters(udp):
    script = Script(lambda transaction: [struct.pack(">ii", 3, transaction) + b"go\n\x00away\xff" + b"x" * 1000])
    async with datagram_server(script) as address:
        with pytest.raises(NoAnswerError, match="it refuses: go  away\ufffd") as refusal:
            await udp.scrape(address, HASHES[:1], limit_seconds=5)

    assert len(str(refusal.value)) < 250
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    "values",
    [(), (1,), (1, 2), (1, 2, 3, 4), (1, 2, 3) * 2, (-1, 2, 3), (1, 2, -3)],
)
async def test_wrong_lengths_and_impossible_numbers_are_no_answer(udp, values):
    async with datagram_server(Script(lambda transaction: [numbers(transaction, *values)])) as address:
        with pytest.raises(NoAnswerError):
            await udp.scrape(address, HASHES[:1], limit_seconds=5)


async def test_a_connect_that_is_too_short_is_no_answer(udp):
    script = Script(lambda _: [], connect=lambda transaction: [struct.pack(">ii", 0, transaction) + b"1234567"])
    async with datagram_server(script) as address:
        with pytest.raises(NoAnswerError, match="too few bytes"):
            await udp.scrape(address, HASHES[:1], limit_seconds=5)


async def test_only_what_was_asked_for_is_taken_for_an_answer(udp):
    def scrape(transaction):
        return [
            b"",
            b"1234567",
            numbers(transaction ^ 1, 9, 9, 9),
            struct.pack(">iiq", 0, transaction, 9),
            struct.pack(">ii", 1, transaction),
            numbers(transaction, 1, 2, 3),
            numbers(transaction, 8, 8, 8),
        ]

    async with datagram_server(Script(scrape)) as address:
        assert await udp.scrape(address, HASHES[:1], limit_seconds=5) == [(1, 3)]


async def test_an_answer_from_somebody_else_is_dropped(udp):
    async with datagram_server(lambda _data, _send: None) as address, udp_tracker() as tracker:
        asking = asyncio.ensure_future(udp.scrape(address, HASHES[:1], limit_seconds=5))
        [transaction] = await wait_for(lambda: list(udp._open), what="a question")
        with HERE.socket(socket.SOCK_DGRAM) as stranger:
            target = udp._transport.get_extra_info("sockname")
            stranger.sendto(struct.pack(">iiq", 0, transaction, 7), target)
            stranger.sendto(struct.pack(">ii", 3, transaction), target)
            await udp.scrape(place(tracker), HASHES[:1], limit_seconds=5)  # whose answers come after these

        assert not asking.done()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    assert not udp._open


async def test_what_is_lost_on_the_way_is_sent_again(udp):
    lost = [b"", b""]

    def scrape(transaction):
        return [lost.pop()] if lost else [numbers(transaction, 1, 2, 3)]

    script = Script(scrape)
    async with datagram_server(script) as address:
        assert await udp.scrape(address, HASHES[:1], limit_seconds=15) == [(1, 3)]

    assert [action for action, _ in script.asked] == [0, 2, 2, 2]


async def test_a_tracker_that_never_answers_costs_no_more_than_the_limit(udp):
    async with udp_tracker() as tracker:
        tracker.is_silent = True

        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 s"):
            await udp.scrape(place(tracker), HASHES[:1], limit_seconds=0.2)

    assert not udp._open


async def test_a_closed_socket_tells_those_who_wait(udp):
    async with udp_tracker() as tracker:
        tracker.is_silent = True
        asking = asyncio.ensure_future(udp.scrape(place(tracker), HASHES[:1], limit_seconds=60))
        await wait_for(lambda: udp._open, what="a question")

        udp.close()

        with pytest.raises(NoAnswerError, match="closed"):
            await asking
        with pytest.raises(NoAnswerError, match="closed"):
            await udp.scrape(place(tracker), HASHES[:1], limit_seconds=60)


async def test_hundreds_of_questions_share_one_socket(udp):
    async with udp_tracker() as one, udp_tracker() as other:
        other.seeds = 50
        questions = [
            udp.scrape(place(tracker), [infohash], limit_seconds=10)
            for infohash in HASHES * 4
            for tracker in (one, other)
        ]

        answers = await asyncio.gather(*questions)

    assert answers == [[(3, 2)], [(50, 2)]] * len(HASHES) * 4
