"""The rows of beginnings, which are kept in blocks."""

import random

import numpy as np
import pytest

from triblerd_search.blocks import block_flags, by_block, change_block
from triblerd_search.postings import rows_by_term

BLOCK = 7 << 12


def rows_of(value):
    return set((BLOCK + np.flatnonzero(block_flags(value))).tolist())


@pytest.mark.parametrize("seed", range(20))
def test_a_block_has_the_rows_that_a_set_would_have(seed):
    chance = random.Random(seed)
    wanted: set[int] = set()
    value = b""
    for _ in range(30):
        added = chance.sample(range(BLOCK, BLOCK + 4096), chance.choice((1, 5, 90, 300)))
        removed = chance.sample(sorted(wanted), min(len(wanted), chance.choice((0, 0, 3, 400))))
        added = [row for row in added if row not in removed]

        value = change_block(value, added, removed)

        wanted = (wanted - set(removed)) | set(added)
        assert rows_of(value) == wanted
        assert len(value) <= 512


def test_new_rows_are_added_at_the_end_until_there_are_too_many():
    value = b""
    for row in range(BLOCK, BLOCK + 4096):
        value = change_block(value, [row], ())
        assert len(value) == min(2 * (row - BLOCK + 1), 512)
    assert rows_of(value) == set(range(BLOCK, BLOCK + 4096))


def test_a_block_without_rows_is_empty():
    assert change_block(change_block(b"", [BLOCK + 3], ()), (), [BLOCK + 3]) == b""


@pytest.mark.parametrize("value", [b"\0", b"\xff\xff", bytes(514)])
def test_what_is_no_block_is_refused(value):
    with pytest.raises(ValueError, match=r"no rows of a block|buffer size"):
        block_flags(value)


@pytest.mark.parametrize("value", [b"\0", bytes(514)])
def test_nothing_is_added_to_what_is_no_block(value):
    with pytest.raises(ValueError, match="no rows of a block"):
        change_block(value, [BLOCK + 4095], ())


@pytest.mark.parametrize("count", [3, 60, 5000])
def test_rows_are_parted_by_block(count):
    rows = random.Random(count).sample(range(1 << 16), count)
    parts = by_block(rows)
    assert {row for part in parts.values() for row in part} == set(rows)
    assert all(row >> 12 == number for number, part in parts.items() for row in part)


@pytest.mark.parametrize("count", [10, 3000, 9000])
async def test_a_beginning_has_the_rows_of_all_its_blocks(indexed, count):
    rows = sorted(random.Random(count).sample(range(1 << 16, 2 << 16), count))
    added = rows_by_term({"ubuntu": rows}, rows)
    await indexed.view.write(lambda job: indexed.postings.change(job, 1, added=added, removed={}))
    with indexed.postings.reading() as reader:
        assert set(reader.beginning(1, "u")) == set(reader.beginning(1, "ub")) == set(rows)
        assert not reader.beginning(1, "x")
        assert not reader.beginning(0, "u")
