"""How much of everybody is listened to."""

import time
from collections.abc import Callable, Hashable
from typing import Final

_MOST_REMEMBERED: Final = 1000


class Allowance:
    """So many of everybody in so many seconds, counted from the first.

    Args:
        most: How many.
        seconds: In which time.
        clock: Seconds.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._used: dict[Hashable, tuple[float, int]] = {}

    def take(self, who: Hashable) -> bool:
        """Return whether there is one more for somebody, and count it."""
        now = self._clock()
        began, used = self._used.get(who, (now, 0))
        if now - began >= self._seconds:
            began, used = now, 0
        if used >= self._most:
            return False
        if who not in self._used and len(self._used) >= _MOST_REMEMBERED:
            self._forget(now)
        self._used[who] = (began, used + 1)
        return True

    def _forget(self, now: float) -> None:
        fresh = [(who, entry) for who, entry in self._used.items() if now - entry[0] < self._seconds]
        self._used = dict(fresh[-_MOST_REMEMBERED // 2 :])
