"""Which pieces are there: one bit for each, the first one the most significant bit of the first byte."""

from triblerd_upgrader.foreign.layout import Layout


def all_bits(count: int) -> bytes:
    """Return that all pieces are there."""
    return cut_bits(b"\xff" * (-(-count // 8)), count)


def no_bits(count: int) -> bytes:
    """Return that no piece is there."""
    return bytes(-(-count // 8))


def cut_bits(bits: bytes, count: int) -> bytes:
    """Return the first bits, with zeros for the spare ones.

    Raises:
        ValueError: there are not so many.
    """
    length = -(-count // 8)
    if len(bits) < length:
        msg = f"it tells of fewer than {count} pieces"
        raise ValueError(msg)
    spare = length * 8 - count
    return (int.from_bytes(bits[:length]) >> spare << spare).to_bytes(length)


def as_digits(bits: bytes, count: int) -> str:
    """Return ``1`` for each piece that is there, ``0`` for each that is not."""
    length = len(bits) * 8
    return format(int.from_bytes(bits), f"0{length}b")[:count] if length else ""


def from_digits(digits: str) -> bytes:
    """Return the bits of such a text."""
    length = -(-len(digits) // 8)
    return int(digits.ljust(length * 8, "0"), 2).to_bytes(length) if digits else b""


def pieces_of_blocks(blocks: bytes, block_size: int, layout: Layout) -> bytes:
    """Return the pieces of which every block is there.

    Args:
        blocks: One bit for each, counted over the whole torrent.
        block_size: Bytes.
        layout: Of the torrent.

    Raises:
        ValueError: there are not enough of them.
    """
    size = layout.size
    count = -(-size // block_size)
    digits = as_digits(cut_bits(blocks, count), count)
    length = layout.piece_length
    pieces = []
    for first in range(0, size, length):
        last = min(first + length, size) - 1
        pieces.append("0" if "0" in digits[first // block_size : last // block_size + 1] else "1")
    return from_digits("".join(pieces))


def incomplete_files(have: bytes, layout: Layout) -> frozenset[int]:
    """Return the numbers of the files of which a piece is missing."""
    digits = as_digits(have, layout.total_pieces)
    length = layout.piece_length
    found = set()
    offset = 0
    for index, file in enumerate(layout.files):
        if file.size and "0" in digits[offset // length : (offset + file.size - 1) // length + 1]:
            found.add(index)
        offset += file.size
    return frozenset(found)
