"""What relayed traffic costs, as version 7.13 of Tribler has it, and at a rendezvous as it has it elsewhere.

The owner of a circuit pays the first hop for all of them: once what it received for that one, twice for each further
one, and each hop keeps its share and passes the rest on. A hidden seeder and who visits it each pay for the circuit of
their own, which ends at the rendezvous.
"""

from collections.abc import Iterator
from typing import Final

from triblerd_tunnels.api import CircuitClosed, RelayClosed

MOST_BASE: Final = 2**32 - 1
"""Bytes; the message has room for no more."""

LEAST: Final = 1 << 16
"""Bytes; a circuit with fewer was built, and asked now and then whether it is still there, which exits do not count."""

_MOST_HOPS: Final = 4
"""Three, and one more to a rendezvous."""
_MOST_TIMES: Final = 2 * _MOST_HOPS - 1
_LAST_TIMES: Final = 2
_LAYERS: Final = 1.25
"""By how much counters of two neighbours differ at most: each layer of encryption adds some bytes to a packet."""
_SMALL: Final = 3
"""The same for the smallest packets, of which there are some in every circuit."""
_SOME: Final = 1 << 16
"""Bytes."""


def used(closed: CircuitClosed) -> int:
    """Return for how many bytes the owner of a circuit pays: what it received, or gave as a hidden seeder.

    A circuit that carried nothing to speak of is free, and so are those that bring others together.
    """
    size = {"DATA": closed.bytes_down, "RP_DOWNLOADER": closed.bytes_down, "RP_SEEDER": closed.bytes_up}
    return base if (base := size.get(closed.kind, 0)) >= LEAST else 0


def price(hops: int) -> int:
    """Return what the first hop of a circuit gets for each byte, for itself and for those after it."""
    return max(2 * hops - 1, 0)


def portions(size: int) -> Iterator[int]:
    """Yield parts of a number of bytes that a message has room for."""
    for first in range(0, size, MOST_BASE):
        yield min(size - first, MOST_BASE)


def most_due(relayed: RelayClosed) -> int:
    """Return the bytes that this node can be owed by the previous hop for a circuit, with what it passes on.

    It does not know how many hops come after it. What it may keep is twice what it carried at most.
    """
    return (_MOST_TIMES if relayed.next_hop else _LAST_TIMES) * carried(relayed)


def carried(relayed: RelayClosed) -> int:
    """Return the bytes that the owner of a circuit can have received, or given, by the counters of this node."""
    most = max(relayed.bytes_down, relayed.bytes_up)
    return min(_SMALL * most, int(most * _LAYERS) + _SOME)


def passed_on(growth: int, base: int, relayed: RelayClosed) -> int:
    """Return what the next hop gets of what came from the previous one: twice the base for each hop that follows.

    An odd number of times the base comes from the owner of the circuit, an even one from another hop. What is neither
    has parts of earlier payouts in it, for circuits that may have gone elsewhere: one hop is paid then. A base of
    which nobody heard here is not paid for.
    """
    if not relayed.next_hop or not 0 < base <= carried(relayed):
        return 0
    times, rest = divmod(growth, base)
    if rest or times > _MOST_TIMES:
        times = min(times, price(2))
    return (times - 1) // 2 * 2 * base if times else 0
