"""The ledger is exchanged with other nodes, by the messages that version 7.13 of Tribler has."""

import time

import pytest

from tests.plugins.bandwidth.foreign import ForeignCommunity, foreign_node
from tests.plugins.bandwidth.people import VECTOR, both, changed, half, person
from tests.plugins.bandwidth.test_records import BYTES
from tests.plugins.downloads.conftest import service
from tests.plugins.metadata.records import KEY_A, KEY_B
from triblerd.testing import wait_for
from triblerd_bandwidth.api import Ledger
from triblerd_identity.api import OwnIdentity
from triblerd_ipv8.api import Overlays

ME = person(1)
ANNA, BERT = person(2), person(3)
PREFIX = bytes.fromhex("000279b25f2867739261780faefede8f25038de9975d")


@pytest.fixture
async def daemon(start_daemon):
    """Run a daemon that is ``ME``."""
    async with start_daemon("bandwidth", "ipv8") as daemon:
        await service(daemon, OwnIdentity).adopt(ME.private)
        yield daemon


@pytest.fixture
async def stranger():
    """Run a node that the daemon does not know."""
    async with foreign_node(KEY_A) as node:
        yield node


@pytest.fixture
async def peer(daemon, stranger):
    """Run a node that the daemon knows."""
    await stranger.meet(port(daemon))
    return stranger


def port(daemon):
    return service(daemon, Overlays).port


async def heard(daemon, peer):
    """Wait until the daemon has dealt with all that a peer sent."""
    own = both(ANNA, BERT, time.time_ns() // 1000, sequence=int(time.time() * 1000) % 2**32)
    peer.send_transaction(port(daemon), own)
    await wait_for(lambda: any(row.amount == own.amount for row in service(daemon, Ledger).rows()))


async def test_packets_are_those_of_another_implementation(daemon, peer):
    await service(daemon, OwnIdentity).adopt(KEY_B.private)
    await service(daemon, Ledger).take_over([VECTOR])
    request = PREFIX + b"\x01" + BYTES[:216] + b"0" * 64 + BYTES[280:] + bytes((0, 0, 0, 42))
    question = PREFIX + b"\x02"

    for packet in (request, question):
        peer.endpoint.send(("127.0.0.1", port(daemon)), packet)
    await wait_for(lambda: len(peer.packets) == 2)

    assert sorted(peer.packets) == [PREFIX + b"\x01" + BYTES + bytes(3) + number for number in (b"\x00", b"*")]


async def test_a_record_between_others_is_stored_if_it_is_newer(daemon, peer):
    ledger = service(daemon, Ledger)
    for row in (
        both(ANNA, KEY_B, 5, sequence=2),
        both(ANNA, KEY_B, 9, sequence=1),
        both(ANNA, KEY_B, 4, sequence=3),
        half(BERT, KEY_B, 7),
        changed(both(BERT, KEY_A, 8), amount=9),
        VECTOR,
    ):
        peer.send_transaction(port(daemon), row)
    await wait_for(lambda: ledger.find(KEY_A.full_public_key, KEY_B.full_public_key))

    assert {row.amount for row in ledger.rows()} == {5, VECTOR.amount}


async def test_what_somebody_owes_is_not_signed_unless_it_is_known(daemon, peer):
    agreed = both(KEY_A, ME, 100)
    await service(daemon, Ledger).take_over([agreed])

    peer.send_transaction(port(daemon), half(KEY_A, ME, 200, sequence=2), 7)
    peer.send_transaction(port(daemon), half(BERT, ME, 200), 8)
    peer.send_transaction(port(daemon), changed(agreed, signature_b=b""), 9)
    await wait_for(lambda: len(peer.transactions) == 2)

    assert peer.transactions == [(agreed, 7), (agreed, 9)]
    assert service(daemon, Ledger).totals(ME.full_public_key).given == 100


async def test_what_this_node_is_said_to_owe_is_ignored(daemon, peer):
    peer.send_transaction(port(daemon), both(ME, KEY_A, 5))
    peer.send_transaction(port(daemon), changed(both(ME, KEY_A, 5), signature_a=b""))
    await heard(daemon, peer)

    assert service(daemon, Ledger).totals(ME.full_public_key).taken == 0


async def test_a_question_is_answered_by_the_ten_newest_own_records_that_both_signed(daemon, peer):
    rows = [both(ME, person(number), number, then=1_700_000_000_000 + number) for number in range(10, 22)]
    rows += [both(person(number), ME, number, then=1_600_000_000_000) for number in range(30, 33)]
    await service(daemon, Ledger).take_over([*rows, half(ME, person(50), 50), both(ANNA, BERT, 51)])

    peer.send(port(daemon), 2)
    await wait_for(lambda: len(peer.transactions) == 10)
    for _ in range(3):
        peer.send(port(daemon), 2)
    await heard(daemon, peer)

    assert {row.amount for row, _ in peer.transactions} == set(range(12, 22))
    assert {request_id for _, request_id in peer.transactions} == {0}
    assert len(peer.transactions) == 10


async def test_who_is_no_peer_is_not_listened_to(daemon, stranger):
    await service(daemon, Ledger).take_over([both(ME, ANNA, 5)])
    stranger.send(port(daemon), 2)
    stranger.send_transaction(port(daemon), VECTOR)

    async with foreign_node(KEY_B) as peer:
        await peer.meet(port(daemon))
        await heard(daemon, peer)

    assert stranger.transactions == []
    assert service(daemon, Ledger).find(KEY_A.full_public_key, KEY_B.full_public_key) is None


async def test_a_flood_is_dropped_and_others_are_heard(daemon, peer):
    ledger = service(daemon, Ledger)
    for number in range(1, 300):
        peer.send_transaction(port(daemon), both(KEY_A, ANNA, number, sequence=number))
    async with foreign_node(KEY_B) as other:
        await other.meet(port(daemon))
        await heard(daemon, other)

    assert ledger.find(KEY_A.full_public_key, ANNA.full_public_key).amount <= 20


async def test_rubbish_is_ignored(daemon, peer):
    peer.send(port(daemon), 1)
    peer.send(port(daemon), 1, bytes(300))
    peer.send(port(daemon), 1, BYTES)
    peer.send(port(daemon), 1, BYTES + bytes(5))
    peer.send(port(daemon), 2, b"more")
    peer.send(port(daemon), 3, BYTES)
    await heard(daemon, peer)

    assert service(daemon, Ledger).count() == 1


async def test_a_peer_is_asked_now_and_then(start_daemon):
    config = {"bandwidth_accounting": {"outgoing_query_interval": 1}}
    async with start_daemon("bandwidth", "ipv8", config=config) as daemon, foreign_node() as peer:
        await peer.meet(port(daemon))

        await wait_for(lambda: peer.queries)


async def test_nothing_is_shown_where_nothing_is_to_be_shown(start_daemon):
    config = {"bandwidth_accounting": {"max_tx_returned_in_query": 0}}
    async with start_daemon("bandwidth", "ipv8", config=config) as daemon, foreign_node() as peer:
        await service(daemon, OwnIdentity).adopt(ME.private)
        await service(daemon, Ledger).take_over([both(ME, ANNA, 5)])
        await peer.meet(port(daemon))
        peer.send(port(daemon), 2)
        await heard(daemon, peer)

        assert peer.transactions == []


class ForeignTestCommunity(ForeignCommunity):
    community_id = bytes.fromhex("e7de42f46f9ef225f4a5fc32ed0a0ce9a8ea4af6")


async def test_the_test_network_is_another_one(start_daemon):
    config = {"bandwidth_accounting": {"testnet": True, "outgoing_query_interval": 1}}
    async with (
        start_daemon("bandwidth", "ipv8", config=config) as daemon,
        foreign_node(kind=ForeignTestCommunity) as peer,
    ):
        await peer.meet(port(daemon))

        await wait_for(lambda: peer.queries)


async def test_the_overlay_is_joined_and_left_with_the_plugins(start_daemon):
    def joined(daemon):
        overlays = service(daemon, Overlays)
        return sum(one.get_prefix() == PREFIX for one in overlays.overlays) if overlays else None

    async with start_daemon("bandwidth", "ipv8") as daemon:
        found = [joined(daemon)]
        for name, change in (
            ("ipv8", {"enabled": False}),
            ("ipv8", {"enabled": True}),
            ("bandwidth", {"enabled": False}),
            ("bandwidth", {"enabled": True}),
            ("bandwidth", {"reload": True}),
            ("ipv8", {"reload": True}),
        ):
            await daemon.patch(f"/plugins/{name}", json=change)
            found.append(joined(daemon))
            if name == "ipv8":
                assert (await daemon.get("/bandwidth/statistics"))["statistics"]["total_given"] == 0

    assert found == [1, None, 1, 0, 1, 1, 1]
