"""Lets strangers' packets onto the event loop: not too many of one address, not too many at once, not for too long.

A signed packet takes 0.2 to 0.5 ms to be checked, in Python, on the loop that answers requests, too.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

HEADER_BYTES = 23
"""The prefix of an overlay and a message's number; the library counts on both."""
MOST_BYTES = 9000
"""No overlay sends more: what is larger than an Ethernet frame, or a jumbo one, does not get through the Internet."""
RATE = 100.0
"""Packets per second of one address, in the long run."""
BURST = 400.0
"""Packets of one address that may come at once: more than the largest answer to a question has."""
MOST_WAITING = 2000
"""Packets that wait for their turn; what comes meanwhile is dropped, as by a socket whose buffer is full."""
SLICE_SECONDS = 0.004
"""How long packets are handled before requests have their turn."""
MOST_ADDRESSES = 4096
LOOPBACK = "127."

Datagram = tuple[str, int, bytes]


class Allowance:
    """How much an address may still send: a bucket of tokens that fills up again.

    On loopback every port is an address of its own: these are programs of this machine, often many nodes at once.

    Args:
        clock: Tells seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, host: str, port: int) -> bool:
        """Return whether one more packet is within limits, and count it if it is."""
        key = f"{host}:{port}" if host.startswith(LOOPBACK) else host
        now = self._clock()
        tokens, then = self._buckets.get(key, (BURST, now))
        tokens = min(BURST, tokens + (now - then) * RATE)
        if tokens < 1:
            return False
        if len(self._buckets) >= MOST_ADDRESSES and key not in self._buckets:
            self._forget(now)
        self._buckets[key] = (tokens - 1, now)
        return True

    def _forget(self, now: float) -> None:
        """Forget whose bucket is full again, or everybody: whoever forges that many addresses would fill memory."""
        full = BURST / RATE
        self._buckets = {key: bucket for key, bucket in list(self._buckets.items()) if now - bucket[1] < full}
        if len(self._buckets) >= MOST_ADDRESSES:
            self._buckets = {}


class Intake:
    """Takes packets from the socket's threads and hands them over on the event loop.

    Args:
        deliver: Handles a packet, on the loop. What it raises is logged, and the others go on.
        call_soon: Calls a function on the loop, soon; from any thread.
        allowance: Who may send how much.
        clock: Tells seconds.

    Attributes:
        refused: Packets of addresses that sent too many.
        dropped: Packets that came while too many waited.
    """

    def __init__(
        self,
        *,
        deliver: Callable[[Datagram], None],
        call_soon: Callable[[Callable[[], None]], object],
        allowance: Allowance,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._deliver = deliver
        self._call_soon = call_soon
        self._allowance = allowance
        self._clock = clock
        self._waiting: deque[Datagram] = deque()
        self._is_scheduled = False
        self.refused = 0
        self.dropped = 0

    def arrived(self, host: str, port: int, data: bytes) -> None:
        """Take a packet. Called from the threads of the socket, which hold the interpreter meanwhile."""
        if not HEADER_BYTES <= len(data) <= MOST_BYTES:
            return
        if not self._allowance.take(host, port):
            self.refused += 1
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append((host, port, data))
        if not self._is_scheduled:  # a race has it scheduled twice, which does no harm
            self._is_scheduled = True
            self._call_soon(self._turn)

    def _turn(self) -> None:
        end = self._clock() + SLICE_SECONDS
        while self._waiting and self._clock() < end:
            datagram = self._waiting.popleft()
            try:
                self._deliver(datagram)
            except Exception:
                log.debug("A packet from %s:%s could not be handled", *datagram[:2], exc_info=True)
        self._is_scheduled = False
        if self._waiting:
            self._is_scheduled = True
            self._call_soon(self._turn)
