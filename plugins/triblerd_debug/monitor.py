"""What the process has used of the machine, now and again: CPU and memory.

A sample is due every ``resource_monitor.poll_interval`` seconds while the daemon works. While it rests, nothing
changes, and it is woken for one every ten seconds at most.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import psutil
from msgspec import Meta

from triblerd_events.api import MonitorSettings

SAMPLES_KEPT = 1000
LEAST_REST_SECONDS = 10.0
RESTING_PERCENT = 2.0
"""Below this part of a core the daemon rests."""
DEFAULT_POLL_SECONDS = 5.0


class CpuSample(msgspec.Struct, frozen=True, kw_only=True):
    """CPU used until a moment."""

    time: Annotated[float, Meta(description="Unix time")]
    cpu: Annotated[float, Meta(description="Percent of one core since the previous sample; 0 in the first one")]


class MemorySample(msgspec.Struct, frozen=True, kw_only=True):
    """Memory used at a moment."""

    time: Annotated[float, Meta(description="Unix time")]
    mem: Annotated[int, Meta(description="Bytes that are the process's own, or resident ones where that is not known")]


class ResourceHistory:
    """The last samples.

    Args:
        settings: Returns the settings of the monitor, ``None`` while nobody has them.
        clock: Tells seconds that pass.
        cpu_clock: Tells seconds of CPU that the process has used.
    """

    def __init__(
        self,
        settings: Callable[[], MonitorSettings | None],
        *,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._process = psutil.Process()
        self._samples: deque[tuple[CpuSample, MemorySample]] = deque(maxlen=SAMPLES_KEPT)
        self._before: tuple[float, float] | None = None

    @property
    def enabled(self) -> bool:
        """Whether samples are taken and shown."""
        settings = self._settings()
        return settings is None or settings.enabled

    def cpu(self) -> Sequence[CpuSample]:
        """Return the samples, the oldest first; nothing while the monitor is off."""
        return [cpu for cpu, _ in self._samples] if self.enabled else []

    def memory(self) -> Sequence[MemorySample]:
        """Return the samples, the oldest first; nothing while the monitor is off."""
        return [memory for _, memory in self._samples] if self.enabled else []

    async def sample(self) -> None:
        """Take one sample, unless the monitor is off."""
        if not self.enabled:
            self._samples.clear()
            self._before = None
            return
        self.record(await asyncio.to_thread(own_bytes, self._process))  # the system counts pages: milliseconds

    def record(self, memory: int) -> None:
        """Keep a sample of now, with this many bytes of memory."""
        elapsed, used = self._clock(), self._cpu_clock()
        percent = 0.0
        if self._before is not None:
            percent = 100 * (used - self._before[1]) / max(elapsed - self._before[0], 1e-3)
        self._before = elapsed, used
        now = time.time()
        self._samples.append((CpuSample(time=now, cpu=round(percent, 2)), MemorySample(time=now, mem=memory)))

    def pause(self) -> float:
        """Return the seconds until the next sample."""
        settings = self._settings()
        poll = settings.poll_interval if settings else DEFAULT_POLL_SECONDS
        rests = not self._samples or self._samples[-1][0].cpu < RESTING_PERCENT
        return max(poll, LEAST_REST_SECONDS) if rests else poll


def own_bytes(process: psutil.Process) -> int:
    """Return the memory that would be free without the process; what is resident where the system does not tell."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:  # it may be forbidden
        return int(process.memory_info().rss)
    return int(getattr(memory, "uss", 0) or memory.rss)
