"""All watched directories."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from triblerd.plugin import hookimpl
from triblerd.tasks import Tasks
from triblerd_watch_folder.config import WatchFolderConfig
from triblerd_watch_folder.reports import FileReport, FolderReport, FolderState
from triblerd_watch_folder.watching import FolderWatch

MOST_FILES = 1000
"""Files that a report names."""
SCAN_SECONDS = 10.0
"""How long who asks for a scan waits for it. It goes on all the same."""


class Watcher:
    """Has each directory looked into again and again, by itself: one that does not answer holds up no other.

    Args:
        tasks: Of the plugin.
    """

    def __init__(self, watches: Sequence[FolderWatch], *, config: WatchFolderConfig, tasks: Tasks) -> None:
        self._watches = watches
        self._tasks = tasks
        self.check_interval = config.check_interval

    def start(self) -> None:
        """Look now, and from now on."""
        for number, watch in enumerate(self._watches):
            self._tasks.start(f"first-scan-{number}", watch.renew())
            self._tasks.every(self.check_interval, f"scan-{number}", watch.renew)

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str:
        """Say how many directories are watched."""
        states = [watch.report().state for watch in self._watches]
        return f"{states.count(FolderState.WATCHING)} of {len(states)} directories watched"

    def folders(self) -> list[FolderReport]:
        """Return how the directories fare."""
        return [watch.report() for watch in self._watches]

    async def scan(self) -> list[FileReport]:
        """Look into all directories now, and return what became of their files, as far as that is known in time."""
        return await self._gathered([partial(watch.scan, at_once=True) for watch in self._watches])

    async def preview(self) -> list[FileReport]:
        """Return what a scan would do, as far as that is known in time."""
        return await self._gathered([partial(watch.preview, MOST_FILES) for watch in self._watches])

    async def _gathered(self, looks: Sequence[Callable[[], Awaitable[list[FileReport]]]]) -> list[FileReport]:
        found: list[list[FileReport]] = [[] for _ in looks]

        async def take(number: int) -> None:
            found[number] = await looks[number]()

        tasks = [self._tasks.start("scan-now", take(number)) for number in range(len(looks))]
        if tasks:
            await asyncio.wait(tasks, timeout=SCAN_SECONDS)
        return [report for reports in found for report in reports][:MOST_FILES]
