"""Tells clients when the disk of the state directory is nearly full."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from triblerd.events import Event
from triblerd.plugin import PluginContext, hookimpl
from triblerd_events.api import DiskUsage, LowSpace
from triblerd_events.config import ResourceMonitor

LOW_SPACE_BYTES = 100 * 1024 * 1024


class Usage(Protocol):
    """What ``shutil.disk_usage`` returns: bytes."""

    @property
    def total(self) -> int:
        """The size of the disk."""

    @property
    def used(self) -> int:
        """What is in use."""

    @property
    def free(self) -> int:
        """What an ordinary user may still use."""


class DiskWatch:
    """Looks at one disk again and again. Implements :class:`triblerd_events.api.MonitorSettings`.

    Args:
        path: Anything on that disk.
        publish: Told of each look that found too little space.
        measure: Looks at the disk. Runs in a thread: a network disk may hang.
    """

    def __init__(
        self,
        *,
        path: Path,
        config: ResourceMonitor,
        publish: Callable[[Event], None],
        measure: Callable[[Path], Usage] = shutil.disk_usage,
    ) -> None:
        self._path = path
        self._config = config
        self._publish = publish
        self._measure = measure

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[ResourceMonitor]) -> None:
        """Take a changed section; open streams stay open."""
        self._config = context.section(ResourceMonitor)

    @property
    def enabled(self) -> bool:
        """Whether the disk is looked at."""
        return self._config.enabled

    @property
    def poll_interval(self) -> float:
        """Seconds between two looks."""
        return self._config.poll_interval

    async def look(self) -> None:
        """Measure once, and tell if there is too little space."""
        if not self._config.enabled:
            return
        usage = await asyncio.to_thread(self._measure, self._path)
        if usage.free < LOW_SPACE_BYTES:
            self._publish(LowSpace(disk_usage_data=_described(usage)))


def _described(usage: Usage) -> DiskUsage:
    usable = usage.used + usage.free  # without what is reserved for root, as `df` counts
    return DiskUsage(
        time=time.time(),
        total=usage.total,
        used=usage.used,
        free=usage.free,
        percent=round(100 * usage.used / usable, 1) if usable else 100.0,
    )
