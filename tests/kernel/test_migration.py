"""What authors of plugins write their steps with."""

import msgspec
import pytest

from triblerd.config import StoreConfig
from triblerd.migration import Reached, each_value
from triblerd.store import Store


class Old(msgspec.Struct, array_like=True):
    text: str


class New(msgspec.Struct, array_like=True):
    text: str
    padding: bytes = b""


@pytest.fixture
async def view(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        yield store.view("shelf")


async def filled(view, count):
    old = await view.table("book", Old)
    await view.write(
        lambda transaction: transaction.put_many(old, ((n.to_bytes(2), Old(str(n))) for n in range(count)))
    )
    return old


async def all_pieces(view, piece):
    reached, seen = Reached(), []
    while reached is not None:
        seen.append((reached.done, reached.total))
        reached = await view.write(lambda transaction, at=reached: piece(transaction, at))
    return seen


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
async def test_every_value_is_converted_once_in_pieces_of_bounded_size(view, count):
    old = await filled(view, count)
    new = await view.table("book", New, version=2)

    # Values that grow split pages under the cursor that walks them.
    seen = await all_pieces(view, each_value(old, new, lambda _, old: New(old.text, bytes(3000)), at_once=10))

    assert [value.text for _, value in new.items()] == [str(n) for n in range(count)]
    assert seen == [(0, 0), *((done, count) for done in range(10, count, 10))]
    assert list(old.keys()) == list(new.keys())


async def test_values_may_go_to_another_table_or_go_away(view):
    old = await filled(view, 25)
    new = await view.table("other", New)

    def keep_even(_, value):
        return New(value.text) if int(value.text) % 2 == 0 else None

    await all_pieces(view, each_value(old, new, keep_even, at_once=10))

    assert [value.text for _, value in new.items()] == [str(n) for n in range(0, 25, 2)]
    assert old.count() == 0


async def test_a_table_is_counted_and_cleared_in_a_transaction(view):
    table = await filled(view, 7)

    def job(transaction):
        before = transaction.count(table), transaction.first_key(table, b"")
        transaction.clear(table)
        between = transaction.count(table), transaction.first_key(table, b"")
        transaction.put(table, b"new", Old("new"))
        return before, between

    assert await view.write(job) == ((7, b"\0\0"), (0, None))
    assert list(table.keys()) == [b"new"]
