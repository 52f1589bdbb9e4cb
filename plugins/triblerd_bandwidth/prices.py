"""What relayed traffic costs, as version 7.13 of Tribler has it."""

from collections.abc import Iterator
from typing import Final

from triblerd_tunnels.api import CircuitClosed, RelayClosed

MOST_BASE: Final = 2**32 - 1
"""Bytes; the message has room for no more."""

LEAST: Final = 1 << 16
"""Bytes; a circuit with fewer was built, and asked now and then whether it is still there, which exits do not count."""

_MOST_HOPS: Final = 4
"""Three, and one more to a rendezvous."""
_EXIT: Final = 2
_LAYERS: Final = 1.25
"""By how much counters of two neighbours differ at most: each layer of encryption adds some bytes to a packet."""
_SMALL: Final = 3
"""The same for the smallest packets, of which there are some in every circuit."""
_SOME: Final = 1 << 16
"""Bytes."""


def price(closed: CircuitClosed) -> int:
    """Return what the first hop gets for each byte that the owner of a circuit received: for itself and those after it.

    A circuit to a hidden seeder costs as much as one more hop, for the seeder's side. One that carried nothing is free.
    """
    if closed.bytes_down < LEAST:
        return 0
    if closed.kind == "DATA":
        return max(2 * closed.goal_hops - 1, 0)
    return 2 * closed.goal_hops + 1 if closed.kind == "RP_DOWNLOADER" else 0


def portions(size: int) -> Iterator[int]:
    """Yield parts of a number of bytes that a message has room for."""
    for first in range(0, size, MOST_BASE):
        yield min(size - first, MOST_BASE)


def most_due(relayed: RelayClosed) -> int:
    """Return the bytes that this node can be owed by the previous hop for a circuit, with what it passes on."""
    times = 2 * _MOST_HOPS + 1 if relayed.next_hop else _EXIT
    return times * carried(relayed)


def carried(relayed: RelayClosed) -> int:
    """Return the bytes that the owner of a circuit can have received, by the counters of this node."""
    return min(_SMALL * relayed.bytes_down, int(relayed.bytes_down * _LAYERS) + _SOME)


def passed_on(growth: int, base: int, relayed: RelayClosed) -> int:
    """Return what the next hop gets of what came from the previous one: twice the base, if there was more than that.

    A base of which nobody heard here is not paid for. At a rendezvous it ends: whether a neighbour signs or not would
    tell who of them is the hidden seeder.
    """
    is_due = growth > base and growth >= 2 * base and base <= carried(relayed)
    return 2 * base if is_due and relayed.next_hop and not relayed.is_rendezvous else 0
