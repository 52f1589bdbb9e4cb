"""How much went over a circuit, although the counters behind it begin anew after 4 GiB."""

from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket

_COUNTER = 2**32


class Counted(Protocol):
    """What has the two counters."""

    bytes_up: int
    bytes_down: int


@dataclass
class Total:
    """Bytes since the beginning, and what the counters said last."""

    up: int = 0
    down: int = 0
    last_up: int = 0
    last_down: int = 0


class TrafficMeter:
    """Remembers the totals of circuits. It has to read each counter before that comes round twice: every second, say.

    Nothing reaches 4 GiB in a second here, so that a counter that went back came round once.

    Attributes:
        received: Bytes that neighbours sent over all circuits, relays and exits that were ever read.
    """

    def __init__(self) -> None:
        self._totals: WeakKeyDictionary[Counted, Total] = WeakKeyDictionary()
        self.received = 0

    def read(self, tunnel: Counted) -> Total:
        """Read the counters of a circuit, a relay or an exit, and return what went over it so far."""
        total = self._totals.setdefault(tunnel, Total())
        up, down = (tunnel.bytes_up - total.last_up) % _COUNTER, (tunnel.bytes_down - total.last_down) % _COUNTER
        total.up += up
        total.down += down
        self.received += up if isinstance(tunnel, TunnelExitSocket) else down  # an exit passes on what comes
        total.last_up, total.last_down = tunnel.bytes_up, tunnel.bytes_down
        return total
