"""Whatever strangers send, nothing breaks, nothing is signed, and nothing gets into the ledger that nobody signed."""

import asyncio
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.bandwidth.nodes import Line, address_of, running
from tests.plugins.bandwidth.people import both, half, person
from triblerd_bandwidth.limits import Allowance
from triblerd_bandwidth.records import AMOUNT_END, UNSIGNED, pack
from triblerd_tunnels.api import PayoutMessage, RelayClosed, TunnelPeer

EXAMPLES = 150
ME, OTHER, THIRD = person(1), person(2), person(3)
KEYS = st.sampled_from([one.full_public_key for one in (ME, OTHER, THIRD)]) | st.binary(min_size=74, max_size=74)
SIGNATURES = st.just(UNSIGNED) | st.binary(min_size=64, max_size=64)
NUMBERS = st.integers(0, 2**64 - 1) | st.integers(AMOUNT_END - 2, AMOUNT_END + 2) | st.integers(0, 9)
RECORDS = st.builds(
    struct.Struct(">I74s74s64s64sQQ").pack,
    st.integers(0, 2**32 - 1),
    KEYS,
    KEYS,
    SIGNATURES,
    SIGNATURES,
    NUMBERS,
    NUMBERS,
)


@st.composite
def damaged(draw):
    """A record that somebody signed, with some bytes changed."""
    rows = [both(OTHER, THIRD, 5), half(OTHER, ME, 5), both(OTHER, ME, 5), both(ME, OTHER, 5)]
    data = bytearray(pack(draw(st.sampled_from(rows))))
    for at in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=4, unique=True)):
        data[at] ^= draw(st.integers(1, 255))
    return bytes(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def fed(folder, items, feed):
    """Feed a node with what strangers send; return the rows that it has then, and what it answered."""

    async def run():
        line = Line()
        answers: list[object] = []
        async with running(folder, 1, line) as node:
            node.exchange._records = Allowance(10**6, 60.0)
            for item in items:
                feed(node, item, answers.append)
                done = asyncio.Event()

                async def mark(done=done):
                    done.set()

                node.exchange.do(mark)
                await done.wait()
            return list(node.ledger.rows()), answers + line.sent

    return asyncio.run(run())


@settings(max_examples=3, deadline=None)
@given(
    st.lists(st.binary(max_size=320) | RECORDS | damaged(), min_size=EXAMPLES, max_size=EXAMPLES),
    st.binary(min_size=4, max_size=4),
)
def test_message_1_of_any_content_changes_nothing(folder, bodies, request_id):
    def feed(node, body, answer):
        node.exchange.transaction_came(OTHER.full_public_key, body + request_id, answer)

    assert fed(folder, bodies, feed) == ([], [])


@settings(max_examples=3, deadline=None)
@given(
    st.lists(
        st.tuples(RECORDS | damaged() | st.binary(max_size=300), st.sampled_from([0, 7, 8]), st.integers(0, 2**32 - 1)),
        min_size=EXAMPLES,
        max_size=EXAMPLES,
    )
)
def test_message_30_of_any_content_changes_nothing(folder, messages):
    def feed(node, message, _):
        record, circuit_id, base = message
        for number, owner in enumerate((OTHER, THIRD), 7):
            node.book.open[number] = RelayClosed(
                circuit_id=number,
                previous_hop=TunnelPeer(owner.full_public_key, address_of(owner)),
                next_hop=None,
                next_circuit_id=0,
                bytes_up=0,
                bytes_down=1 << 30,
            )
            payout = PayoutMessage(record=record, circuit_id=circuit_id, base=base)
            node.book.deliver(address_of(owner), payout)

    assert fed(folder, messages, feed) == ([], [])
