"""How many peers the DHT knows: of real nodes, and of others."""

import asyncio
import secrets
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest

from tests.plugins.metadata.health.conftest import HERE, datagram_server
from tests.plugins.metadata.health.dht_network import dht_network
from triblerd.testing import wait_for
from triblerd_libtorrent.api import bdecode, bencode
from triblerd_metadata.health.bloom import BloomFilter
from triblerd_metadata.health.dht import Dht
from triblerd_metadata.health.values import NoAnswerError

HASH = bytes(range(100, 120))


@pytest.fixture
async def dht():
    """Offer what asks the DHT, and waits shortly."""
    async with asking(query_seconds=0.5) as dht:
        yield dht


@asynccontextmanager
async def asking(query_seconds=2.0):
    """Open what asks the DHT."""
    dht = Dht(query_seconds=query_seconds)
    await dht.open(HERE)
    try:
        yield dht
    finally:
        dht.close()
        await asyncio.sleep(0)


def read(data):
    """Return a question."""
    question: Any = bdecode(data)
    return question


def bloom(*hosts):
    found = BloomFilter()
    for host in hosts:
        found.add(host)
    return bytes(found)


def peers(*hosts):
    return [bytes(map(int, host.split("."))) + b"\x00\x50" for host in hosts]


def compact(*nodes):
    """Return nodes, each an identity, a host and a port, as BEP 5 writes them."""
    return b"".join(identity + bytes(map(int, host.split("."))) + port.to_bytes(2) for identity, host, port in nodes)


class Node:
    """Answers as it is told, and notes what it was asked."""

    def __init__(self, **answer):
        self.answer = {b"id": secrets.token_bytes(20), **{key.encode(): value for key, value in answer.items()}}
        self.asked = []

    def __call__(self, data, send):
        question = read(data)
        self.asked.append(question)
        send(bencode({b"t": question[b"t"], b"y": b"r", b"r": self.answer}))


async def test_real_nodes_tell_seeds_from_others():
    async with dht_network(10) as network, asking() as first:
        assert await first.scrape(HASH, network.addresses[7:9]) == (0, 0)

        async def is_counted():
            network.announce(HASH, seeds=range(4), others=range(4, 6))
            await asyncio.sleep(1)  # nodes ban who asks without end
            async with asking() as dht:
                return await dht.scrape(HASH, network.addresses[7:9]) == (4, 2)

        await wait_for(is_counted, what="the announced peers")


async def test_look_ups_without_end_are_no_reason_to_ban_us():
    async with dht_network(2) as network:
        async with asking() as busy:
            for number in range(80):
                with suppress(NoAnswerError):
                    await busy.scrape(HASH[:-1] + bytes([number]), network.addresses)

        async with asking() as other:  # of the same address
            assert await other.scrape(HASH, network.addresses) == (0, 0)


async def test_look_ups_begin_with_some_of_the_nodes_and_each_time_with_others(dht):
    async with AsyncExitStack() as stack:
        nodes = [Node() for _ in range(40)]
        addresses = [
            await stack.enter_async_context(datagram_server(node, f"127.0.0.{100 + number}"))
            for number, node in enumerate(nodes)
        ]
        for number, node in enumerate(nodes[:8]):
            node.answer[b"id"] = HASH[:-1] + bytes([number])
        for node in nodes:
            known = zip(nodes[:8], addresses[:8], strict=True)
            node.answer[b"nodes"] = compact(*((near.answer[b"id"], *address) for near, address in known))

        for _ in range(15):
            await dht.scrape(HASH, addresses)

    assert all(len(node.asked) == 15 for node in nodes[:8])
    assert sum(len(node.asked) for node in nodes[8:]) <= 15 * 8
    assert sum(1 for node in nodes[8:] if node.asked) > 8


async def test_one_node_is_asked_few_questions_at_a_time(dht):
    node = Node()
    async with datagram_server(node) as address:
        for _ in range(16):
            await dht.scrape(HASH, [address])
        with pytest.raises(NoAnswerError):
            await dht.scrape(HASH, [address])
        dht._window_ends = 0.0
        await dht.scrape(HASH, [address])

    assert len(node.asked) == 17


async def test_the_way_leads_from_one_node_to_the_others(dht):
    async with AsyncExitStack() as stack:
        far = []
        for number in range(12):
            node = Node()
            node.answer[b"id"] = HASH[:-1] + bytes([number])
            port = (await stack.enter_async_context(datagram_server(node, f"127.0.0.{100 + number}")))[1]
            far.append((node, (node.answer[b"id"], f"127.0.0.{100 + number}", port)))
        first = Node(nodes=compact(*(place for _, place in far)))
        address = await stack.enter_async_context(datagram_server(first))

        await dht.scrape(HASH, [address])

    closest = sorted(far, key=lambda item: item[1][0][-1] ^ HASH[-1])
    assert [len(node.asked) for node, _ in closest] == [1] * 8 + [0] * 4


async def test_a_question_says_what_it_wants_and_nothing_of_us(dht):
    node = Node()
    async with datagram_server(node) as address:
        for _ in range(2):
            await dht.scrape(HASH, [address])

    first, second = node.asked
    assert first[b"q"] == b"get_peers"
    assert first[b"ro"] == 1
    assert first[b"a"] == {b"id": first[b"a"][b"id"], b"info_hash": HASH, b"scrape": 1}
    assert first[b"a"][b"id"] != second[b"a"][b"id"]


async def test_nodes_that_do_not_count_name_peers(dht):
    async with (
        datagram_server(Node(BFsd=bloom("192.0.2.1"), BFpe=bloom("192.0.2.2"))) as counting,
        datagram_server(Node(values=peers("192.0.2.1", "192.0.2.2", "192.0.2.3")), "127.0.0.3") as naming,
    ):
        assert await dht.scrape(HASH, [counting, naming]) == (1, 2)


async def test_filters_of_several_nodes_are_joined(dht):
    hosts = [f"10.{number // 250}.{number % 250}.1" for number in range(1000)]
    async with (
        datagram_server(Node(BFsd=bloom(*hosts[:600]))) as one,
        datagram_server(Node(BFsd=bloom(*hosts[400:])), "127.0.0.3") as other,
    ):
        seeders, leechers = await dht.scrape(HASH, [one, other])

    assert 950 < seeders < 1050
    assert leechers == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"BFsd": b"short", "BFpe": 5, "values": 5, "nodes": [b"x"]},
        {"values": [b"", b"12345", b"1234567", 5, []], "nodes": b"x" * 25},
        {"values": b"123456", "nodes": b"x" * 27},
        {"nodes": compact((HASH, "0.0.0.0", 80), (HASH, "224.0.0.1", 80), (HASH, "255.255.255.255", 80))},
        {"nodes": compact((HASH, "127.0.0.9", 0))},
    ],
)
async def test_parts_of_an_answer_that_cannot_be_are_passed_over(dht, answer):
    async with datagram_server(Node(**answer)) as address:
        assert await dht.scrape(HASH, [address]) == (0, 0)


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: b"",
        lambda _: b"rubbish",
        lambda _: b"i5e",
        lambda _: b"d" * 3000,
        lambda _: bencode({b"t": b"1234", b"y": b"r", b"r": {b"id": HASH}}),
        lambda t: bencode({b"t": t, b"y": b"e", b"e": [201, b"no"]}),
        lambda t: bencode({b"t": t, b"y": b"r", b"r": []}),
        lambda t: bencode({b"t": t, b"y": b"r", b"r": {b"id": b"short", b"BFsd": bloom("192.0.2.1")}}),
        lambda t: bencode({b"t": [t], b"y": b"r", b"r": {b"id": HASH}}),
        lambda t: bencode({b"t": t, b"y": b"r", b"r": {b"id": HASH, b"x": b"x" * 5000}}),
    ],
)
async def test_a_node_that_misbehaves_has_not_answered(dht, reply):
    async with datagram_server(lambda data, send: send(reply(read(data)[b"t"]))) as address:
        with pytest.raises(NoAnswerError):
            await dht.scrape(HASH, [address])

    assert not dht._open


async def test_a_node_that_names_nodes_without_end_is_not_believed(dht):
    def name_more(data, send):
        question = read(data)
        nodes = [(HASH[:-3] + secrets.token_bytes(3), f"127.{number}.1.1", 9) for number in secrets.token_bytes(8)]
        answer = {b"id": HASH, b"nodes": compact(*nodes)}
        send(bencode({b"t": question[b"t"], b"y": b"r", b"r": answer}))

    async with datagram_server(name_more) as address:
        with pytest.raises(NoAnswerError):
            await dht.scrape(HASH, [address])


async def test_a_banned_node_is_not_asked():
    refused = Node(BFsd=bloom("192.0.2.1"))
    dht = Dht(query_seconds=0.5, refuses=lambda host: host == "127.0.0.3")
    await dht.open(HERE)
    node = Node()
    async with datagram_server(refused, "127.0.0.3") as banned, datagram_server(node) as address:
        node.answer[b"nodes"] = compact((HASH, *banned))
        assert await dht.scrape(HASH, [banned, address]) == (0, 0)
    dht.close()

    assert not refused.asked


async def test_nobody_to_begin_with_is_no_answer(dht):
    with pytest.raises(NoAnswerError):
        await dht.scrape(HASH, [])


async def test_a_closed_socket_ends_the_look_up(dht):
    async with datagram_server(lambda _data, _send: None) as address:
        asking = asyncio.ensure_future(dht.scrape(HASH, [address]))
        await wait_for(lambda: dht._open, what="a question")
        dht.close()

        with pytest.raises(NoAnswerError):
            await asking
        with pytest.raises(NoAnswerError):
            await dht.scrape(HASH, [address])


def test_the_filter_is_that_of_bep_33():
    known = BloomFilter()
    for number in range(256):
        known.add(f"192.0.2.{number}")
    for number in range(0x3E8):
        known.add(f"2001:db8::{number:x}")

    assert bytes(known).hex().startswith("f6c3f5eaa07ffd91bde89f777f26fb2bff37bdb8fb2bbaa2fd3ddde7bacfff75ee7ccbae")
    assert known.estimate() == 1224


def test_the_estimate_begins_with_nobody_and_ends_at_6000():
    empty, one, full = BloomFilter(), BloomFilter(), BloomFilter()
    one.add("127.0.0.80")
    full.merge(b"\xff" * 256)

    assert (empty.estimate(), one.estimate(), full.estimate()) == (0, 1, 6000)
    assert bytes(one) == (1 << 1631 | 1 << 1102).to_bytes(256, "little")
    assert "127.0.0.80" in one
    assert "127.0.0.81" not in one
