from hypothesis import given, settings
from hypothesis import strategies as st

from triblerd_downloads.tree.pieces import share


@settings(deadline=None)
@given(bits=st.text("01", max_size=40), first=st.integers(0, 45), count=st.integers(0, 20))
def test_a_share_is_that_of_the_digits_of_the_bitmap(bits, first, count):
    bitmap = bytes(int(bits[place : place + 8].ljust(8, "0"), 2) for place in range(0, len(bits), 8))

    result = share(bitmap, range(first, first + count))

    assert result == (bits[first : first + count].count("1") / count if count else 1.0)
