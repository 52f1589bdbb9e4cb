"""Rows of terms that many titles have, in blocks of 4,096, so that one more row rewrites little.

A value is up to 255 rows in order, 2 bytes each, or 512 bytes with a bit for each row; so none takes a page of its own.
The rows are counted from the beginning of the block.
"""

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

BLOCK_BITS = 12
_BLOCK_ROWS = 1 << BLOCK_BITS
_IN_BLOCK = _BLOCK_ROWS - 1
_BITS_BYTES = _BLOCK_ROWS // 8
_FEW = 64
"""Rows that are sooner looked at one by one than as an array."""


def by_block(rows: Sequence[int]) -> Mapping[int, Sequence[int]]:
    """Return rows, at least one, by the number of their block."""
    first = min(rows) >> BLOCK_BITS
    if first == max(rows) >> BLOCK_BITS:
        return {first: rows}
    if len(rows) <= _FEW:
        found = defaultdict(list)
        for row in rows:
            found[row >> BLOCK_BITS].append(row)
        return found
    ordered = np.sort(np.array(rows, np.int64))
    numbers = range(first, int(ordered[-1] >> BLOCK_BITS) + 1)
    borders = np.searchsorted(ordered, [number << BLOCK_BITS for number in numbers])
    parts = np.split(ordered, borders[1:])
    # Arrays do for ``change_block``, without a detour by lists.
    return {number: cast("Sequence[int]", part) for number, part in zip(numbers, parts, strict=True) if len(part)}


def change_block(old: bytes, added: Sequence[int], removed: Sequence[int]) -> bytes:
    """Return a block with some rows more, and some less; empty when there is none left.

    Raises:
        ValueError: ``old`` is no block.
    """
    if len(old) > _BITS_BYTES or len(old) % 2:
        raise _no_block()
    is_small = len(added) <= _FEW and len(removed) == 0
    if is_small and len(old) < _BITS_BYTES:
        places = sorted({row & _IN_BLOCK for row in added})
        is_after_all = not old or int.from_bytes(old[-2:], "little") < places[0]
        if is_after_all and len(old) + 2 * len(places) < _BITS_BYTES:  # of new rows
            return old + struct.pack(f"<{len(places)}H", *places)
    elif is_small:
        bits = bytearray(old)
        for row in added:
            bits[(row & _IN_BLOCK) >> 3] |= 1 << (row & 7)
        return bytes(bits)
    flags = block_flags(old)
    flags[np.array(added, np.int64) & _IN_BLOCK] = True
    flags[np.array(removed, np.int64) & _IN_BLOCK] = False
    if 2 * int(np.count_nonzero(flags)) >= _BITS_BYTES:
        return np.packbits(flags, bitorder="little").tobytes()
    return np.flatnonzero(flags).astype("<u2").tobytes()


def block_flags(value: bytes) -> npt.NDArray[np.bool_]:
    """Return whether each of the 4,096 rows is in a block; an empty value has none.

    Raises:
        ValueError: it is no block.
    """
    if len(value) == _BITS_BYTES:
        return np.unpackbits(np.frombuffer(value, np.uint8), bitorder="little").view(np.bool_)
    places = np.frombuffer(value, "<u2")  # refuses half a row
    if len(value) > _BITS_BYTES or (places >= _BLOCK_ROWS).any():
        raise _no_block()
    flags = np.zeros(_BLOCK_ROWS, np.bool_)
    flags[places] = True
    return flags


def _no_block() -> ValueError:
    return ValueError("no rows of a block")
