"""Counts durations by size, so that a few dozen numbers tell of millions of them."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """How durations are spread, since the daemon's start."""

    bounds: Annotated[
        tuple[float, ...], Meta(description="Upper bounds of the classes, seconds, rising; the last class has none")
    ]
    counts: Annotated[
        tuple[int, ...], Meta(description="Durations in each class, one class more than there are bounds")
    ]
    total: Annotated[float, Meta(description="Sum of all durations, seconds")]
    longest: Annotated[float, Meta(description="The longest duration, seconds")]

    @property
    def count(self) -> int:
        """The number of all durations."""
        return sum(self.counts)


class Histogram:
    """Takes durations. For one thread; read by any.

    Args:
        bounds: Upper bounds of the classes in seconds, included in them, rising.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0
        self._longest = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration. Takes a fraction of a microsecond."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds
        if seconds > self._longest:  # noqa: PLR1730 - a call would take as long as all the rest
            self._longest = seconds

    def read(self) -> Distribution:
        """Return what was counted so far."""
        return Distribution(bounds=self._bounds, counts=tuple(self._counts), total=self._total, longest=self._longest)
