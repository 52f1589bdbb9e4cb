"""When new peers are met by TCP first, and when uTP has its turn."""

import time
from collections.abc import Callable

OPEN_SECONDS = 3.0
"""After an add or a resume."""
LONGEST_SECONDS = 10.0
"""However many adds follow one another."""
REST_SECONDS = 10.0
"""For uTP, after a window that grew to its longest."""


class TcpWindow:
    """A span of time that each call extends, up to a limit, and that stays shut for a while after that.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._opened = self._ends = self._rests_until = float("-inf")

    def extend(self) -> float:
        """Open or extend the window; return the seconds until its end, 0 while it stays shut."""
        now = self._clock()
        if now < self._rests_until:
            return max(self._ends - now, 0.0)
        if now >= self._ends:
            self._opened = now
        self._ends = min(now + OPEN_SECONDS, self._opened + LONGEST_SECONDS)
        if self._ends == self._opened + LONGEST_SECONDS:
            self._rests_until = self._ends + REST_SECONDS
        return self._ends - now
