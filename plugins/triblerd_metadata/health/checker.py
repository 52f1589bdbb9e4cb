"""The checks that run, and those that wait."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

from triblerd_metadata.health.check import HealthCheck
from triblerd_metadata.health.scrapes import Spawn

FRESH_SECONDS = 900.0
"""For that long a check counts that nobody asks to repeat."""
SILENT_SECONDS = 4 * 3600.0
"""For that long a torrent of which nobody answered is left alone by the rounds."""
DEFAULT_LIMIT_SECONDS = 20.0

_AT_ONCE = 50
_MOST_WAITING = 1000
_MOST_KEPT = 20_000


class HealthChecker:
    """Checks torrents, each at most once at a time, and a bounded number of them.

    When each was checked is known in memory alone: the store has the time of what it holds, and after a start the rest
    may be tried again.

    Args:
        check: What one of them is.
        spawn: Starts background work.
        clock: Seconds that only go forward.
    """

    def __init__(self, *, check: HealthCheck, spawn: Spawn, clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._spawn = spawn
        self._clock = clock
        self._running: dict[bytes, asyncio.Event] = {}
        self._waiting: OrderedDict[bytes, float] = OrderedDict()
        self._tried: OrderedDict[bytes, tuple[float, bool]] = OrderedDict()

    def ask(self, infohash: bytes, *, limit_seconds: float = DEFAULT_LIMIT_SECONDS) -> bool:
        """Have a torrent checked as soon as possible, however recently it was; return whether it will be.

        While a check of the same torrent runs or waits, that one counts. When too many wait, nothing is begun.
        """
        if infohash in self._running:
            return True
        if infohash not in self._waiting and len(self._waiting) >= _MOST_WAITING:
            return False
        self._waiting[infohash] = max(self._waiting.get(infohash, 0.0), limit_seconds)
        self._begin()
        return True

    def is_due(self, infohash: bytes) -> bool:
        """Return whether a torrent may be checked without anybody's wish."""
        tried, was_answered = self._tried.get(infohash, (-SILENT_SECONDS, False))
        pause = FRESH_SECONDS if was_answered else SILENT_SECONDS
        is_busy = infohash in self._running or infohash in self._waiting
        return not is_busy and self._clock() >= tried + pause

    async def check_all(self, infohashes: Collection[bytes]) -> None:
        """Check some torrents, which are due, and wait for the end of all of them."""
        ends = [
            self._start(infohash, DEFAULT_LIMIT_SECONDS, is_wanted=False)
            for infohash in infohashes
            if self.is_due(infohash)
        ]
        for end in ends:
            await end.wait()

    def _begin(self) -> None:
        while self._waiting and len(self._running) < _AT_ONCE:
            self._start(*self._waiting.popitem(last=False), is_wanted=True)

    def _start(self, infohash: bytes, limit_seconds: float, *, is_wanted: bool) -> asyncio.Event:
        end = self._running[infohash] = asyncio.Event()
        self._spawn("health-check", self._run(infohash, limit_seconds, is_wanted=is_wanted))
        return end

    async def _run(self, infohash: bytes, limit_seconds: float, *, is_wanted: bool) -> None:
        was_answered = False
        try:
            was_answered = await self._check.run(infohash, limit_seconds=limit_seconds, is_wanted=is_wanted)
        finally:
            self._tried[infohash] = self._clock(), was_answered
            self._tried.move_to_end(infohash)
            if len(self._tried) > _MOST_KEPT:
                self._tried.popitem(last=False)
            self._running.pop(infohash).set()
            self._begin()
