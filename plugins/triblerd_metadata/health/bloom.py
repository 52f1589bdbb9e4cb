"""The Bloom filters in which nodes of the DHT count the peers of a torrent (BEP 33)."""

import hashlib
import math
from ipaddress import ip_address

SIZE = 256
"""Bytes."""

_BITS = SIZE * 8
_FULL = 6000


class BloomFilter:
    """A set of addresses that only tells how many there are, about."""

    def __init__(self) -> None:
        self._bits = 0

    def merge(self, raw: bytes) -> None:
        """Take in the filter of a node, ``SIZE`` bytes."""
        self._bits |= int.from_bytes(raw, "little")

    def add(self, host: str) -> None:
        """Take in an address of IPv4 or IPv6."""
        self._bits |= _mask(host)

    def __contains__(self, host: str) -> bool:
        mask = _mask(host)
        return self._bits & mask == mask

    def __bytes__(self) -> bytes:
        return self._bits.to_bytes(SIZE, "little")

    def estimate(self) -> int:
        """Return how many addresses were taken in, about; at most 6000."""
        zeros = _BITS - self._bits.bit_count()
        if zeros == 0:
            return _FULL
        return int(math.log(min(zeros, _BITS - 1) / _BITS) / (2 * math.log(1 - 1 / _BITS)))


def _mask(host: str) -> int:
    digest = hashlib.sha1(ip_address(host).packed, usedforsecurity=False).digest()
    first, second = int.from_bytes(digest[:2], "little"), int.from_bytes(digest[2:4], "little")
    return 1 << first % _BITS | 1 << second % _BITS
