import pytest
from hypothesis import given
from hypothesis import strategies as st

from triblerd_downloads.streaming.ranges import UnsatisfiableRangeError, parse_range, start_of

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-99", range(100)),
        ("bytes=999-", range(999, 1000)),
        ("bytes=500-", range(500, 1000)),
        ("bytes=500-5000", range(500, 1000)),
        ("bytes=-1", range(999, 1000)),
        ("bytes=-5000", range(1000)),
        ("Bytes = 1 - 2", range(1, 3)),
        ("bytes=0-9223372036854775807", range(1000)),
    ],
)
def test_a_range_is_clipped_to_the_file(header, part):
    assert parse_range(header, SIZE) == part


@pytest.mark.parametrize("header", [None, "lines=1-2", "bytes", "bytes=0-1,5-6", "bytes=,", "", "=", "items=0-5"])
def test_other_units_and_several_ranges_mean_the_whole_file(header):
    assert parse_range(header, SIZE) is None


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=1000-", "bytes=1000-1001", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=", "bytes=a-b", "bytes=1"),
        *(
            "bytes=--1",
            "bytes=0x1-2",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=99999999999999999999-",
            f"bytes={'9' * 5000}-",
        ),
    ],
)
def test_a_range_that_is_none_or_lies_outside_is_refused(header):
    with pytest.raises(UnsatisfiableRangeError) as refused:
        parse_range(header, SIZE)

    assert refused.value.size == SIZE


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_parts(header):
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 0)


@given(st.text(), st.integers(0, 2**63))
def test_whatever_a_client_sends_is_a_part_of_the_file_or_refused(text, size):
    try:
        part = parse_range(f"bytes={text}", size)
    except UnsatisfiableRangeError:
        return
    assert part is None or 0 <= part.start < part.stop <= size


def test_playing_starts_at_the_range_or_at_the_beginning():
    assert [start_of(header, SIZE) for header in (None, "bytes=100-", "bytes=-10", "bytes=2000-", "x")] == [
        0,
        100,
        990,
        0,
        0,
    ]
