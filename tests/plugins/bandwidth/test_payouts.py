"""Who took traffic through circuits pays for it, and only what was relayed is signed."""

from contextlib import AsyncExitStack

import msgspec
import pytest

from tests.plugins.bandwidth.nodes import Line, closed, relayed, running, settled
from tests.plugins.bandwidth.people import both, changed, half, person
from triblerd.testing import wait_for
from triblerd_bandwidth.payer import Payment
from triblerd_bandwidth.prices import LEAST
from triblerd_bandwidth.records import pack
from triblerd_tunnels.api import CircuitBook, PayoutMessage, RelayClosed, TunnelPeer

MIB = 1 << 20


@pytest.fixture
async def stack():
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def start(stack, line, tmp_path):
    async def one(number, **settings):
        return await stack.enter_async_context(running(tmp_path, number, line, **settings))

    return one


async def test_one_hop_gets_what_its_owner_received(start):
    owner, hop = await start(1), await start(2)
    relayed(hop, owner, 77, MIB)

    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert owner.took_from(hop) == hop.gave_to(owner) == MIB
    assert owner.ledger.find(owner.public_key, hop.public_key) == hop.ledger.find(owner.public_key, hop.public_key)
    assert [then.balance for then in owner.ledger.history(owner.public_key)] == [-MIB]
    assert [then.balance for then in hop.ledger.history(hop.public_key)] == [MIB]
    assert owner.payer.pending(hop.public_key) is None


@pytest.mark.parametrize(
    ("kind", "hops", "first", "second"),
    [("DATA", 2, 3, 2), ("DATA", 3, 5, 4), ("RP_DOWNLOADER", 2, 3, 2), ("RP_SEEDER", 2, 3, 2)],
)
async def test_a_relay_passes_on_twice_the_bytes_for_each_hop_that_follows(start, kind, hops, first, second):
    owner, relay, last = await start(1), await start(2), await start(3)
    relayed(relay, owner, 77, MIB, onward=last)
    relayed(last, relay, 78, MIB, onward=await start(4) if hops > 2 else None)

    owner.book.close(closed(relay, 77, MIB, hops=hops, kind=kind))
    await wait_for(lambda: last.gave_to(relay))
    await settled(relay, last)

    assert owner.took_from(relay) == relay.gave_to(owner) == first * MIB
    assert relay.took_from(last) == last.gave_to(relay) == second * MIB
    assert relay.ledger.totals(relay.public_key).balance == (first - second) * MIB


@pytest.mark.parametrize(("hops", "shares"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 2]), (4, [1, 2, 2, 2])])
async def test_each_hop_of_a_chain_keeps_its_share(start, hops, shares):
    owner, *chain = [await start(number + 1) for number in range(hops + 1)]
    for number, (before, hop, after) in enumerate(zip([owner, *chain], chain, [*chain[1:], None], strict=False)):
        relayed(hop, before, 77 + number, MIB, onward=after)

    owner.book.close(closed(chain[0], 77, MIB, hops=hops))
    await wait_for(lambda: chain[-1].ledger.totals(chain[-1].public_key).given)
    for before, hop in zip([owner, *chain], chain, strict=False):
        await settled(before, hop)

    assert [hop.ledger.totals(hop.public_key).balance for hop in chain] == [share * MIB for share in shares]


async def test_a_payout_that_makes_up_for_an_earlier_one_pays_one_more_hop_for_the_last(start, line):
    owner, relay, last = await start(1), await start(2), await start(3)
    line.loses = lambda _: True
    relayed(relay, owner, 77, MIB)
    owner.book.close(closed(relay, 77, MIB, hops=2))
    await settled(owner, relay)

    line.loses = lambda _: False
    relay.book.close(relay.book.open.pop(77))
    relayed(relay, owner, 80, LEAST, onward=last)
    relayed(last, relay, 81, LEAST)
    owner.book.close(closed(relay, 80, LEAST, hops=2))
    await wait_for(lambda: last.gave_to(relay))

    assert (relay.gave_to(owner), last.gave_to(relay)) == (3 * MIB + 3 * LEAST, 2 * LEAST)


@pytest.mark.parametrize("kind", ["IP_SEEDER", "SPEED_TEST"])
async def test_other_circuits_cost_nothing(start, line, kind):
    owner, hop = await start(1), await start(2)

    owner.book.close(closed(hop, 77, MIB, kind=kind))
    owner.book.close(closed(hop, 78, LEAST - 1))
    owner.book.close(msgspec.structs.replace(closed(hop, 79, MIB), first_hop=None))

    assert owner.payer.pending(hop.public_key) is None
    assert line.sent == []
    assert not owner.payer._waiting


async def test_who_is_not_of_the_overlay_is_not_paid(start, line):
    owner, hop = await start(1, members=lambda _: False), await start(2)
    relayed(hop, owner, 77, MIB)

    owner.book.close(closed(hop, 77, MIB))

    assert (line.sent, owner.payer._waiting) == ([], {})


async def test_who_does_not_want_payouts_signs_nothing(start):
    owner, hop = await start(1), await start(2, payouts=False)
    relayed(hop, owner, 77, MIB)

    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert (owner.took_from(hop), hop.gave_to(owner), hop.ledger.count()) == (0, 0, 0)
    assert owner.offers_to(hop) == MIB


async def test_several_circuits_that_close_at_once_are_paid_one_after_another(start):
    owner, hop = await start(1), await start(2)
    for number in range(5):
        relayed(hop, owner, number + 1, MIB)
        owner.book.close(closed(hop, number + 1, MIB))
    await settled(owner, hop)

    row = hop.ledger.find(owner.public_key, hop.public_key)
    assert (row.amount, row.sequence_number) == (5 * MIB, 5)
    assert owner.took_from(hop) == 5 * MIB


@pytest.mark.parametrize("is_answer", [False, True])
async def test_a_packet_that_is_lost_is_sent_again(start, line, is_answer):
    owner, hop = await start(1), await start(2)
    relayed(hop, owner, 77, MIB)
    lost: list[PayoutMessage] = []

    def loses(message):
        if (message.circuit_id == 0) is is_answer and len(lost) < 2:
            lost.append(message)
            return True
        return False

    line.loses = loses
    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert len(lost) == 2
    assert owner.took_from(hop) == hop.gave_to(owner) == MIB


@pytest.mark.parametrize("is_answer", [False, True])
async def test_what_was_never_answered_is_in_the_next_payout(start, line, is_answer):
    owner, hop = await start(1), await start(2)
    relayed(hop, owner, 77, MIB)
    line.loses = lambda message: (message.circuit_id == 0) is is_answer
    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)
    assert owner.took_from(hop) == 0

    line.loses = lambda _: False
    hop.book.close(hop.book.open.pop(77))
    relayed(hop, owner, 78, 2 * MIB)
    owner.book.close(closed(hop, 78, 2 * MIB))
    await settled(owner, hop)

    assert owner.took_from(hop) == hop.gave_to(owner) == 3 * MIB


async def test_what_was_not_answered_is_remembered_after_a_restart(tmp_path, line):
    async with running(tmp_path, 2, line) as hop:
        async with running(tmp_path, 1, line) as owner:
            relayed(hop, owner, 77, MIB)
            line.loses = lambda _: True
            owner.book.close(closed(hop, 77, MIB))
            await settled(owner, hop)
            before = owner.payer.pending(hop.public_key)
        line.loses = lambda _: False
        async with running(tmp_path, 1, line) as owner:
            assert owner.payer.pending(hop.public_key) == before
            hop.book.close(hop.book.open.pop(77))
            relayed(hop, owner, 78, MIB)
            owner.book.close(closed(hop, 78, MIB))
            await settled(owner, hop)

            assert owner.took_from(hop) == hop.gave_to(owner) == 2 * MIB


async def test_what_there_was_no_time_to_offer_is_remembered_after_a_restart(tmp_path, line):
    async with running(tmp_path, 2, line) as hop:
        async with running(tmp_path, 1, line) as owner:
            line.loses = lambda _: True
            for number in range(3):
                owner.book.close(closed(hop, number + 1, MIB))
            await wait_for(lambda: owner.payer.pending(hop.public_key))
        async with running(tmp_path, 1, line) as owner:
            assert owner.offers_to(hop) == 3 * MIB


async def test_a_hop_that_forgot_what_it_relayed_is_paid_for_what_it_remembers(tmp_path, line):
    async with running(tmp_path, 1, line) as owner:
        async with running(tmp_path, 2, line) as hop:
            relayed(hop, owner, 76, MIB)
            owner.book.close(closed(hop, 76, MIB))
            await settled(owner, hop)
            relayed(hop, owner, 77, 300 * MIB)
            line.loses = lambda _: True
            owner.book.close(closed(hop, 77, 300 * MIB))
            await settled(owner, hop)
        line.loses = lambda _: False
        async with running(tmp_path, 2, line) as hop:
            for number, size in ((78, 2 * MIB), (79, 3 * MIB)):
                relayed(hop, owner, number, size)
                owner.book.close(closed(hop, number, size))
                await settled(owner, hop)

            assert owner.took_from(hop) == hop.gave_to(owner) == 6 * MIB


async def test_a_hop_that_forgot_everything_is_paid_for_what_it_remembers(tmp_path, line):
    async with running(tmp_path, 1, line) as owner:
        async with running(tmp_path, 2, line) as hop:
            line.loses = lambda _: True
            owner.book.close(closed(hop, 77, 300 * MIB))
            await settled(owner, hop)
        line.loses = lambda _: False
        async with running(tmp_path, 2, line) as hop:
            relayed(hop, owner, 78, MIB)
            owner.book.close(closed(hop, 78, MIB))
            await settled(owner, hop)

            assert owner.took_from(hop) == hop.gave_to(owner) == MIB


async def test_an_owner_whose_ledger_is_an_older_one_goes_on_from_what_the_hop_has(start):
    owner, hop = await start(1), await start(2)
    agreed = both(owner.key, hop.key, 50 * MIB, sequence=9)
    await hop.ledger.add(agreed)
    relayed(hop, owner, 77, MIB)

    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert owner.took_from(hop) == hop.gave_to(owner) == 51 * MIB


async def test_a_hop_whose_ledger_is_an_older_one_believes_its_own_signature(start):
    owner, hop = await start(1), await start(2)
    agreed = both(owner.key, hop.key, 50 * MIB, sequence=9)

    claim = await hop.exchange.claim(agreed)

    assert (claim.answer, hop.gave_to(owner)) == (agreed, 50 * MIB)


async def test_what_was_not_answered_for_an_hour_is_forgotten(start, line):
    owner, hop = await start(1), await start(2)
    line.loses = lambda _: True
    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)
    clock = owner.ledger._clock
    owner.ledger._clock = lambda: clock() + 3601
    owner.book.close(closed(hop, 78, LEAST))
    await settled(owner, hop)

    offer = owner.payer.pending(hop.public_key)
    assert (offer.amount, offer.sequence_number) == (LEAST, 2)


async def test_more_than_was_relayed_is_not_signed(start):
    owner, hop = await start(1), await start(2)
    relayed(hop, owner, 77, MIB)

    owner.payer.pay(Payment(peer=hop.peer, circuit_id=77, amount=4 * MIB, base=MIB))
    await settled(owner, hop)

    assert (owner.took_from(hop), hop.gave_to(owner)) == (0, 0)


async def test_the_same_traffic_is_not_signed_for_twice(start):
    owner, hop = await start(1), await start(2)
    tunnel = relayed(hop, owner, 77, 10 * MIB)

    for _ in range(4):
        owner.book.close(closed(hop, 77, 10 * MIB))
        await settled(owner, hop)
        hop.book.close(tunnel)

    assert hop.gave_to(owner) <= 2.6 * 10 * MIB


async def test_a_circuit_without_traffic_is_worth_nothing(start):
    owner, hop = await start(1), await start(2)
    relayed(hop, owner, 77, 0)

    owner.payer.pay(Payment(peer=hop.peer, circuit_id=77, amount=1, base=1))
    await settled(owner, hop)

    assert hop.ledger.count() == 0


async def test_a_relay_waits_until_its_counters_have_what_it_passes_on(start):
    owner, relay, last = await start(1), await start(2), await start(3)
    relay.accountant.look_seconds = 1.0
    relayed(relay, owner, 77, MIB // 2, onward=last)
    relayed(last, relay, 78, MIB)

    owner.book.close(closed(relay, 77, MIB, hops=2))
    await settled(owner, relay)
    assert relay.took_from(last) == 0
    relayed(relay, owner, 77, MIB, onward=last)
    await wait_for(lambda: relay.took_from(last))

    assert relay.took_from(last) == 2 * MIB


async def test_a_relay_pays_no_more_than_it_got(start):
    owner, relay, last = await start(1), await start(2), await start(3)
    relayed(relay, owner, 77, 100 * MIB, onward=last)

    for base in (2**32 - 1, 100 * MIB, 101 * MIB, 0):
        owner.payer.pay(Payment(peer=relay.peer, circuit_id=77, amount=100 * MIB, base=base))
    await settled(owner, relay)

    assert relay.gave_to(owner) == 400 * MIB
    assert relay.payer.pending(last.public_key) is None
    assert not relay.payer._waiting


async def test_more_than_a_message_has_room_for_is_paid_in_parts(start):
    owner, hop = await start(1), await start(2)
    size = 9 << 30
    relayed(hop, owner, 77, size)

    owner.book.close(closed(hop, 77, size))
    await settled(owner, hop)

    row = hop.ledger.find(owner.public_key, hop.public_key)
    assert (row.amount, row.sequence_number) == (size, 3)


async def test_strangers_are_not_listened_to(start, line):
    owner, hop, thief = await start(1), await start(2), person(9)
    relayed(hop, owner, 77, MIB)
    record = half(owner.key, hop.key, 5)

    def sends(row, circuit_id=77, address=owner.peer.address):
        hop.book.deliver(address, PayoutMessage(record=pack(row), circuit_id=circuit_id, base=0))

    sends(record, circuit_id=78)
    sends(record, address=("127.0.0.1", 9))
    sends(half(thief, hop.key, 5))
    sends(changed(record, amount=6))
    sends(half(owner.key, thief, 5))
    sends(changed(record, signature_a=b""))
    sends(both(owner.key, hop.key, 5), circuit_id=0)
    hop.book.deliver(owner.peer.address, PayoutMessage(record=b"short", circuit_id=77, base=0))
    sends(record)
    await wait_for(lambda: line.sent)

    assert (hop.gave_to(owner), hop.ledger.count(), len(line.sent)) == (5, 1, 1)


async def test_only_what_this_node_offered_is_an_answer(start, line):
    owner, hop = await start(1), await start(2)
    line.loses = lambda _: True
    assert not await owner.payer.answer(both(owner.key, hop.key, 5))  # nothing is pending
    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)
    offer = owner.payer.pending(hop.public_key)

    for row in (
        changed(both(owner.key, hop.key, 5), signature_a=bytes(64)),
        changed(both(owner.key, hop.key, MIB), amount=MIB + 1),
        changed(offer, signature_b=bytes(64)),
        changed(offer, signature_b=offer.signature_a),
        both(person(8), hop.key, MIB),
        both(hop.key, owner.key, MIB),
    ):
        assert not await owner.payer.answer(row)

    assert (owner.ledger.count(), owner.payer.pending(hop.public_key)) == (0, offer)


async def test_the_tunnels_may_be_turned_off_and_on(start):
    owner, hop = await start(1), await start(2)
    owner.accountant.close()
    owner.book.close(closed(hop, 76, MIB))
    owner.accountant.begin()
    relayed(hop, owner, 77, MIB)

    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert owner.took_from(hop) == MIB


async def test_what_closes_with_the_tunnels_is_offered_the_next_time(start):
    owner, hop = await start(1), await start(2)
    book = owner.services.pop(CircuitBook)
    owner.accountant.begin()
    owner.book.close(closed(hop, 76, MIB))
    await wait_for(lambda: owner.offers_to(hop))

    owner.services[CircuitBook] = book
    hop.book.close(relayed(hop, owner, 76, MIB))
    relayed(hop, owner, 77, MIB)
    owner.book.close(closed(hop, 77, MIB))
    await settled(owner, hop)

    assert owner.took_from(hop) == hop.gave_to(owner) == 2 * MIB


async def test_accounts_of_many_are_forgotten_the_oldest_first(start):
    hop, owner = await start(1), await start(2)
    for number in range(1200):
        peer = TunnelPeer(number.to_bytes(74), owner.peer.address)
        hop.book.close(
            RelayClosed(
                circuit_id=number, previous_hop=peer, next_hop=None, next_circuit_id=0, bytes_up=0, bytes_down=MIB
            )
        )

    assert len(hop.payee._accounts) == 1000
