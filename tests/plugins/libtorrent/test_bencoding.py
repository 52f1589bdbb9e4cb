"""Bencoding of strangers."""

from contextlib import suppress

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triblerd_libtorrent.bencoding import MOST_VALUES, bdecode, bdecode_dictionary, bencode

VALUES = st.recursive(
    st.integers(-(2**62), 2**62) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.binary(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None)
@given(VALUES)
def test_what_was_written_is_read_again(value):
    assert bencode(value) == lt.bencode(value)
    assert bdecode(bencode(value)) == value


@settings(deadline=None)
@given(
    st.binary(max_size=200) | VALUES.map(bencode).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda n: raw[:n]))
)
def test_rubbish_is_refused_and_nothing_worse(raw):
    with suppress(ValueError):
        bdecode(raw)


@settings(deadline=None)
@given(st.dictionaries(st.binary(max_size=8), VALUES, max_size=5))
def test_the_bytes_of_each_value_of_a_dictionary_are_told(value):
    raw = bencode(value)

    found, spans = bdecode_dictionary(raw)

    assert found == value
    assert {key: raw[span] for key, span in spans.items()} == {key: bencode(item) for key, item in value.items()}


@pytest.mark.parametrize(("raw", "info"), [(b"d1:b2:xx4:info3:abce", b"3:abc"), (b"d4:infode4:infoi1ee", b"i1e")])
def test_keys_may_come_in_any_order_and_the_last_of_one_name_counts(raw, info):
    assert raw[bdecode_dictionary(raw)[1][b"info"]] == info


@pytest.mark.parametrize("raw", [b"le", b"i1e", b"3:abc", b"", b"d"])
def test_what_is_no_dictionary_has_no_values_by_keys(raw):
    with pytest.raises(ValueError, match="bencoded"):
        bdecode_dictionary(raw)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ({}, b"de"),
        ([], b"le"),
        (-42, b"i-42e"),
        ("\N{SNOWMAN}", b"3:\xe2\x98\x83"),
        ((b"\xff", ["a", 0]), b"l1:\xffl1:ai0eee"),
        ({"b": 1, "B": {"\N{SNOWMAN}": "", "z": ()}}, b"d1:Bd1:zle3:\xe2\x98\x830:e1:bi1ee"),
        ({b"\x80": 1, b"\x7f": 2}, b"d1:\x7fi2e1:\x80i1ee"),
    ],
)
def test_bencoding_orders_keys_by_their_bytes(value, encoded):
    assert bencode(value) == encoded
    assert lt.bencode(lt.bdecode(encoded)) == encoded


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"i5",
        b"i05e",
        b"i-0e",
        b"ie",
        b"i1_0e",
        b"5:abc",
        b"-1:",
        b"01:a",
        b"99999999999:a",
        b"di1ei2ee",
        b"ei1e",
        b"e",
        b"d1:a1:b1:ce",
        b"d1:ae",
        b"i1ei2e",
    ],
)
def test_other_spellings_are_refused(raw):
    with pytest.raises(ValueError, match="bencoded"):
        bdecode(raw)


def test_depth_and_number_have_limits():
    assert bdecode(b"l" * 15 + b"e" * 15)
    assert bdecode(b"l" + b"le" * (MOST_VALUES - 1) + b"e") == [[]] * (MOST_VALUES - 1)
    assert bdecode(b"l" * 30 + b"e" * 30, deepest=30)
    assert bdecode(b"i1e", most_values=1) == 1
    assert bdecode(b"l" + b"le" * MOST_VALUES + b"e", most_values=MOST_VALUES + 1)
    for raw in (b"l" * 100_000, b"l" * 30 + b"e" * 30, b"l" + b"le" * MOST_VALUES + b"e"):
        with pytest.raises(ValueError, match="too many"):
            bdecode(raw)
    with pytest.raises(ValueError, match="too many"):
        bdecode(b"i1e", most_values=0)
