"""Answer blocks: an LZ4 frame of records one after the other, then how many peers their torrents have.

The numbers of peers are ASCII, an item for each torrent and channel of the frame, in their order.
"""

import re
import struct
from collections.abc import Iterable, Iterator

import lz4.frame
import msgspec

from triblerd_discovery.messages import MalformedError

LARGEST_BLOCK = 1300
"""Bytes of one that is sent, when nothing else is configured."""
EMPTY_BLOCK = bytes.fromhex("04224d184040c000000000")
"""Answers that nothing was found."""
MOST_BYTES = 1 << 20
"""Of records that one block may hold."""

_FRAME_MAGIC = bytes.fromhex("04224d18")
_END_MARK = bytes(4)
_LENGTH = struct.Struct(">I")
_NUMBER = re.compile(rb"[0-9]{1,20}")
_LARGEST_COUNT = (1 << 32) - 1
_LARGEST_TIME = (1 << 63) - 1
_FEWEST_NUMBERS = 3
_MOST_ITEM_BYTES = 100


class Numbers(msgspec.Struct, frozen=True, gc=False):
    """How many peers a torrent has, as far as the sender knows; all 0 when it does not."""

    seeders: int = 0
    leechers: int = 0
    checked: int = 0


class Block(msgspec.Struct, frozen=True):
    """What a peer answered.

    Attributes:
        records: Bytes of records, see ``WireRecords``.
        numbers: One for each torrent and channel among the records, if the sender is right.
    """

    records: bytes
    numbers: tuple[Numbers, ...]


def write_blocks(records: Iterable[tuple[bytes, Numbers]], largest: int = LARGEST_BLOCK) -> Iterator[bytes]:
    """Yield the blocks that hold these records, in their order; one empty block if there are none.

    A record that needs a larger block for itself alone is left out: whoever asked could not take it.

    Args:
        records: Each with its torrent's peers.
        largest: Bytes of a block.
    """
    block = _OpenBlock(largest)
    is_any = False
    for record, numbers in records:
        if not block.add(record, numbers):
            if not block.is_empty:
                yield block.closed()
                is_any = True
            block = _OpenBlock(largest)
            if not block.add(record, numbers):
                block = _OpenBlock(largest)
    if not block.is_empty or not is_any:
        yield block.closed()


def read_block(data: bytes) -> Block:
    """Read a block.

    Raises:
        MalformedError: it is no LZ4 frame, or one that holds too much.
    """
    if data[:4] != _FRAME_MAGIC:  # skippable frames, and the legacy format, are none
        msg = "a block begins with an LZ4 frame"
        raise MalformedError(msg)
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        records = decompressor.decompress(data, max_length=MOST_BYTES)
        if not decompressor.eof and len(records) == MOST_BYTES:  # the end may be all that is missing
            records += decompressor.decompress(b"", max_length=1)
    except (RuntimeError, MemoryError) as error:
        msg = "a block's frame is broken"
        raise MalformedError(msg) from error
    if not decompressor.eof or len(records) > MOST_BYTES:
        msg = "a block's frame does not end, or holds too much"
        raise MalformedError(msg)
    return Block(records, _read_numbers(decompressor.unused_data or b""))


class _OpenBlock:
    """A block that is being filled."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._compressor = lz4.frame.LZ4FrameCompressor(auto_flush=True)  # linked blocks of 64 KiB, as 8.4 has them
        self._frame = [self._compressor.begin()]
        self._numbers: list[bytes] = []
        self._size = len(self._frame[0]) + len(_END_MARK) + _LENGTH.size

    @property
    def is_empty(self) -> bool:
        return not self._numbers

    def add(self, record: bytes, numbers: Numbers) -> bool:
        """Add a record; return whether it found room. When it did not, nothing can be added any more."""
        part = self._compressor.compress(record)
        item = _packed_numbers(numbers)
        self._size += len(part) + len(item)
        if self._size > self._largest:
            return False
        self._frame.append(part)
        self._numbers.append(item)
        return True

    def closed(self) -> bytes:
        frame = b"".join(self._frame) + _END_MARK
        if self.is_empty:
            return frame
        numbers = b"".join(self._numbers)
        return frame + _LENGTH.pack(len(numbers)) + numbers


def _packed_numbers(numbers: Numbers) -> bytes:
    if numbers == Numbers():
        return b";"
    return b"%d,%d,%d;" % (numbers.seeders, numbers.leechers, numbers.checked)


def _read_numbers(data: bytes) -> tuple[Numbers, ...]:
    if len(data) < _LENGTH.size:
        return ()
    length = int.from_bytes(data[: _LENGTH.size])
    text = data[_LENGTH.size : _LENGTH.size + length]
    if len(text) != length or not text.endswith(b";"):
        return ()
    return tuple(map(_read_item, text[:-1].split(b";")))


def _read_item(item: bytes) -> Numbers:
    parts = item[:_MOST_ITEM_BYTES].split(b",")[:_FEWEST_NUMBERS]
    if len(parts) < _FEWEST_NUMBERS or not all(map(_NUMBER.fullmatch, parts)):
        return Numbers()
    seeders, leechers, checked = map(int, parts)
    if max(seeders, leechers) > _LARGEST_COUNT or checked > _LARGEST_TIME:
        return Numbers()
    return Numbers(seeders, leechers, checked)
