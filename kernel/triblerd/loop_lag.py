"""How long the event loop keeps work waiting that could be done, measured while it works anyway.

A timer that asks how late it is would wake an idle daemon again and again. Here the loop's selector takes the time:
between the moment when it says what there is to do and the moment when it is asked again, whatever becomes due has to
wait. An idle loop does not turn, so nothing is measured then, and nothing is woken.
"""

import asyncio
import math
import selectors
from time import perf_counter

from triblerd.histogram import Histogram

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the classes in seconds."""

_Ready = list[tuple[selectors.SelectorKey, int]]


class _MeasuringSelector(selectors.DefaultSelector):
    """Waits for files as its base does, and measures each turn of the loop that asks it.

    A turn's lag is how long its callbacks ran, and how late the turn began: after the time that a timer was set to,
    or after work was waiting already. How late the news of a file is nobody can tell.
    """

    def __init__(self, lag: Histogram) -> None:
        super().__init__()
        self._observe = lag.observe
        self._wait = super().select
        self._due = 0.0

    def select(self, timeout: float | None = None) -> _Ready:
        """Wait at most ``timeout`` seconds; ``None`` is for ever, and 0 or less not at all."""
        asked = perf_counter()
        if self._due:
            self._observe(asked - self._due)
        ready = self._wait(timeout)
        if timeout is None:
            self._due = perf_counter()
        elif timeout <= 0:
            self._due = asked
        elif ready:
            self._due = perf_counter()
        else:  # the system counts in whole milliseconds
            self._due = min(perf_counter(), asked + math.ceil(timeout * 1000) / 1000)
        return ready


class MeasuredLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, with its lag.

    Attributes:
        lag: The lag of each turn so far.
    """

    def __init__(self) -> None:
        self.lag = Histogram(BOUNDS)
        super().__init__(_MeasuringSelector(self.lag))


def lag_of(loop: asyncio.AbstractEventLoop) -> Histogram:
    """Return the lag of a loop; of one that does not measure it, nothing."""
    return loop.lag if isinstance(loop, MeasuredLoop) else Histogram(BOUNDS)
