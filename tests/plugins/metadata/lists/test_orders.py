from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triblerd_metadata.lists.orders import KeptOrder, RowView

KEYS = st.integers(0, 4)
CHANGES = st.lists(st.dictionaries(st.integers(1, 40), st.none() | KEYS, max_size=8), max_size=8)


def read(view, *, descending, fewest=3):
    return [row for piece in view.pieces(descending=descending, fewest=fewest) for row in piece.tolist()]


def kept(keys):
    rows = np.array(sorted(keys, key=lambda row: (keys[row], row)), np.uint32)
    return make_order(rows, keys)


def make_order(rows, keys):
    return KeptOrder(rows, max(keys, default=0) + 1, lambda: nullcontext(keys.get), known_span=2)


@given(st.dictionaries(st.integers(1, 30), KEYS), CHANGES, st.integers(1, 6))
def test_an_order_is_exact_after_any_changes(keys, rounds, most_beside):
    keys = dict(keys)
    order = kept(keys)

    for changes in rounds:
        order.take_out(changes)
        keys.update(changes)
        for row in [row for row, key in changes.items() if key is None]:
            del keys[row]
        while order.waiting:
            order.put_back(2)

        ascending = sorted(keys, key=lambda row: (keys[row], row))
        assert read(order.view(), descending=False) == ascending
        assert read(order.view(), descending=True) == ascending[::-1]
        if order.beside > most_beside:
            order = make_order(order.view().whole(), keys)


def test_a_view_stays_as_it_was():
    keys = {1: "b", 2: "a"}
    order = kept(keys)
    view = order.view()

    order.take_out([1, 3])
    keys.update({1: "A", 3: "c"})
    order.put_back(10)

    assert read(view, descending=False) == [2, 1]
    assert read(order.view(), descending=False) == [1, 2, 3]


def test_rows_that_wait_are_in_no_view():
    order = kept({1: 1, 2: 2, 3: 3})

    order.take_out([2])

    assert order.waiting == 1
    assert read(order.view(), descending=True) == [3, 1]


def test_rows_put_back_too_early_can_be_put_back_again():
    keys = {1: "a", 2: "b", 3: "c"}
    order = kept(keys)
    order.take_out([3])
    keys.update({1: "x", 3: "d"})  # that of 1 was not told yet
    order.put_back(1)

    order.take_out([1])
    order.take_out_moved()
    order.put_back(10)

    assert read(order.view(), descending=False) == [2, 3, 1]


def test_what_was_compared_too_early_is_not_remembered():
    keys = {1: "a", 2: "c", 3: "e", 4: "g"}
    order = kept(keys)
    keys.update({3: "z", 5: "f"})  # that of 3 was not told yet
    order.take_out([5])
    order.put_back(1)

    order.take_out([3])
    order.take_out_moved()
    order.put_back(10)

    assert read(order.view(), descending=False) == [1, 2, 5, 4, 3]


@pytest.mark.parametrize("descending", [True, False])
def test_rows_come_by_number_without_those_that_are_gone(descending):
    alive = np.ones(20_000, np.bool_)
    alive[[0, 5, 19_999]] = False

    rows = [row for piece in RowView(alive).pieces(descending=descending) for row in piece.tolist()]

    assert rows == sorted((row for row in range(1, 19_999) if row != 5), reverse=descending)
