"""Bencoding of strangers."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trackers import bencode
from triblerd_metadata.bencoding import MOST_VALUES, decode, encode

VALUES = st.recursive(
    st.integers(-(2**62), 2**62) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.binary(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None)
@given(VALUES)
def test_what_was_written_is_read_again(value):
    assert encode(value) == bencode(value)
    assert decode(encode(value)) == value


@settings(deadline=None)
@given(
    st.binary(max_size=200) | VALUES.map(encode).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda n: raw[:n]))
)
def test_rubbish_is_refused_and_nothing_worse(raw):
    with suppress(ValueError):
        decode(raw)


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
        b"d1:ae",
        b"i1ei2e",
    ],
)
def test_other_spellings_are_refused(raw):
    with pytest.raises(ValueError, match="bencoded"):
        decode(raw)


def test_depth_and_number_have_limits():
    assert decode(b"l" * 15 + b"e" * 15)
    assert decode(b"l" + b"le" * (MOST_VALUES - 1) + b"e") == [[]] * (MOST_VALUES - 1)
    for raw in (b"l" * 100_000, b"l" * 30 + b"e" * 30, b"l" + b"le" * MOST_VALUES + b"e"):
        with pytest.raises(ValueError, match="too many"):
            decode(raw)
