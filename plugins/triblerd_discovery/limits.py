"""How much strangers may do. What is kept of them is bounded, whoever they are and however many."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST_KEPT = 5000
_DAY_SECONDS = 86400

Clock = Callable[[], float]


class Rates:
    """Lets each of many do something so many times a second, and some times more in a burst.

    Of too many, those that were seen longest ago are forgotten, and begin anew.

    Args:
        per_second: How often each may do it in the long run.
        burst: How often at once, after a pause.
        clock: Seconds that only go forward.
    """

    def __init__(self, per_second: float, burst: float, *, clock: Clock = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def allow(self, who: Hashable, times: float = 1.0) -> bool:
        """Return whether somebody may do it now, and count that."""
        now = self._clock()
        left, then = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._per_second)
        is_allowed = left >= times
        self._left[who] = (left - times if is_allowed else left, now)
        if len(self._left) > _MOST_KEPT:
            self._left.popitem(last=False)
        return is_allowed


class DayBudget:
    """How many records may be taken of each peer, and of all together, a day.

    Args:
        per_peer: Of each.
        in_all: Of all.
        clock: Seconds that only go forward.
    """

    def __init__(self, per_peer: int, in_all: int, *, clock: Clock = time.monotonic) -> None:
        self._per_peer = per_peer
        self._in_all = in_all
        self._clock = clock
        self._until = clock() + _DAY_SECONDS
        self._taken: dict[bytes, int] = {}
        self._sum = 0

    def left(self, peer: bytes) -> int:
        """Return how many may still be taken of a peer."""
        self._turn()
        return max(min(self._per_peer - self._taken.get(peer, 0), self._in_all - self._sum), 0)

    def take(self, peer: bytes, count: int) -> None:
        """Count records that were taken of a peer."""
        self._turn()
        if count:  # at most as many peers as records
            self._taken[peer] = self._taken.get(peer, 0) + count
            self._sum += count

    def _turn(self) -> None:
        now = self._clock()
        if now >= self._until:
            self._until = now + _DAY_SECONDS
            self._taken.clear()
            self._sum = 0


class Gate:
    """Keeps floods out: who signs more messages than anybody needs is ignored for some minutes.

    Args:
        clock: Seconds that only go forward.
    """

    IGNORED_SECONDS = 300.0

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._messages = Rates(20, 200, clock=clock)
        self._ignored: OrderedDict[bytes, float] = OrderedDict()

    def admits_message(self, key: bytes, times: float = 1.0) -> bool:
        """Count a message whose signature is right, and return whether it is dealt with.

        Args:
            key: Of the signature.
            times: For how many it counts.
        """
        if self.is_ignored(key):
            return False
        if self._messages.allow(key, times):
            return True
        self._ignored[key] = self._clock() + self.IGNORED_SECONDS
        if len(self._ignored) > _MOST_KEPT:
            self._ignored.popitem(last=False)
        return False

    def is_ignored(self, key: bytes) -> bool:
        """Return whether nothing of a key is dealt with at present."""
        until = self._ignored.get(key)
        if until is None:
            return False
        if self._clock() < until:
            return True
        del self._ignored[key]
        return False
