"""The hash trees of BEP 52: SHA-256 over blocks of 16 KiB, in pairs up to a root."""

import hashlib
from collections.abc import Sequence

from triblerd_createtorrent.layout import BLOCK

_NOTHING = bytes(32)
"""Stands for a block after the end of a file."""


def root(hashes: Sequence[bytes], width: int, fill: bytes = _NOTHING) -> bytes:
    """Return the root over ``hashes``, as the first ones of ``width`` leaves.

    Args:
        hashes: At least one.
        width: A power of two.
        fill: Stands in the places that are left.
    """
    level = list(hashes)
    while width > 1:
        if len(level) % 2:
            level.append(fill)
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [hashlib.sha256(left + right).digest() for left, right in pairs]
        fill = hashlib.sha256(fill + fill).digest()
        width //= 2
    return level[0]


def piece_root(blocks: Sequence[bytes], piece_length: int, *, is_only: bool) -> bytes:
    """Return the root of one piece's blocks.

    Args:
        blocks: The hashes of its blocks.
        piece_length: Bytes.
        is_only: The file has no more: the tree is as wide as the blocks need it, not as the piece.
    """
    return root(blocks, _width(len(blocks)) if is_only else piece_length // BLOCK)


def file_root(pieces: Sequence[bytes], piece_length: int) -> bytes:
    """Return the root of a file of several pieces, given theirs."""
    return root(pieces, _width(len(pieces)), fill=root([_NOTHING], piece_length // BLOCK))


def _width(count: int) -> int:
    """Return the least power of two that is not below ``count``."""
    return 1 << (count - 1).bit_length()
