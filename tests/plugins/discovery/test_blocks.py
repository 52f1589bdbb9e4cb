import random

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.discovery import vectors
from triblerd_discovery.blocks import EMPTY_BLOCK, MOST_BYTES, Numbers, read_block, write_blocks
from triblerd_discovery.messages import MalformedError

R1, R2 = vectors.R1, vectors.R2
KNOWN = Numbers(12, 3, 1714000100)
STORED = bytes.fromhex("04224d18604082") + bytes.fromhex("ec010080") + R1 + R2 + bytes(4) + vectors.HEALTH_BLOCK


def numbers_after(items: bytes) -> tuple[Numbers, ...]:
    return read_block(EMPTY_BLOCK + len(items).to_bytes(4) + items).numbers


def test_a_block_is_written_as_version_8_does():
    assert list(write_blocks([(R1, KNOWN), (R2, Numbers())])) == [vectors.ANSWER_BLOCK]
    assert list(write_blocks([])) == [EMPTY_BLOCK]


@pytest.mark.parametrize("block", [vectors.ANSWER_BLOCK, STORED])
def test_a_block_is_read_compressed_or_stored(block):
    read = read_block(block)

    assert read.records == R1 + R2
    assert read.numbers == (KNOWN, Numbers())


def test_a_block_may_be_without_numbers_of_peers():
    read = read_block(vectors.ANSWER_BLOCK[: -len(vectors.HEALTH_BLOCK)])

    assert read.records == R1 + R2
    assert read.numbers == ()
    assert read_block(EMPTY_BLOCK).records == b""


@pytest.mark.parametrize(
    ("items", "numbers"),
    [
        (b"1,2,3;", [(1, 2, 3)]),
        (b"1,2,3,4,x;;", [(1, 2, 3), (0, 0, 0)]),
        (b"1,2;-1,2,3;a,b,c;1,2, 3;;", [(0, 0, 0)] * 5),
        (b"4294967295,4294967296,3;", [(0, 0, 0)]),
        (b"1,1,9223372036854775808;", [(0, 0, 0)]),
        (b"1,2,3", []),
        (b"", []),
    ],
)
def test_numbers_that_are_none_count_as_nothing(items, numbers):
    assert list(numbers_after(items)) == [Numbers(*one) for one in numbers]


def test_numbers_that_end_too_early_are_left_out():
    assert read_block(EMPTY_BLOCK + (100).to_bytes(4) + b"1,2,3;").numbers == ()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\x04\x22\x4d\x18",
        vectors.ANSWER_BLOCK[:200],
        vectors.ANSWER_BLOCK[4:],
        bytes.fromhex("502a4d18") + b"\x04\x00\x00\x00skip" + vectors.ANSWER_BLOCK,
        bytes.fromhex("04224d184040c1") + bytes(4),
    ],
)
def test_what_is_no_frame_is_malformed(block):
    with pytest.raises(MalformedError):
        read_block(block)


@pytest.mark.parametrize(("size", "is_read"), [(MOST_BYTES, True), (MOST_BYTES + 1, False), (8 * MOST_BYTES, False)])
def test_a_small_packet_does_not_become_large(size, is_read):
    bomb = lz4.frame.compress(bytes(size), compression_level=9)

    if is_read:
        assert len(read_block(bomb).records) == size
        return
    with pytest.raises(MalformedError):
        read_block(bomb)


records = st.lists(
    st.tuples(st.binary(min_size=136, max_size=1210), st.builds(Numbers, st.integers(0, 9))), max_size=30
)


@settings(deadline=None)
@given(records)
def test_blocks_fit_into_packets_and_lose_nothing(records):
    blocks = list(write_blocks(records))

    read = [read_block(block) for block in blocks]
    assert max(map(len, blocks)) <= 1300
    assert b"".join(one.records for one in read) == b"".join(record for record, _ in records)
    assert [number for one in read for number in one.numbers] == [number for _, number in records]


def test_a_record_that_no_packet_holds_is_left_out():
    large = random.Random(1).randbytes(701)
    blocks = list(write_blocks([(R1, KNOWN), (large, KNOWN), (R2, Numbers())], 700))

    assert b"".join(read_block(block).records for block in blocks) == R1 + R2
    assert max(map(len, blocks)) <= 700


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_rubbish_is_malformed_or_a_block(data, is_framed):
    try:
        block = read_block(bytes.fromhex("04224d184040c0") + data if is_framed else data)
    except MalformedError:
        return
    assert len(block.records) <= MOST_BYTES


@settings(deadline=None)
@given(st.integers(0, len(vectors.ANSWER_BLOCK) - 1), st.integers(0, 255))
def test_a_block_with_a_wrong_byte_is_malformed_or_a_block(place, value):
    data = bytearray(vectors.ANSWER_BLOCK)
    data[place] = value
    try:
        block = read_block(bytes(data))
    except MalformedError:
        return
    assert len(block.records) <= MOST_BYTES
