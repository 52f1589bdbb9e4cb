"""The log as others get to see it: without secrets."""

import asyncio
from pathlib import Path

from triblerd_debug.log_tail import LogFilter, tail
from triblerd_debug.masking import Masker


class MaskedLog:
    """Implements :class:`triblerd_debug.api.LogReader`.

    Args:
        path: The file that records go to; its rotated ones lie beside it.
        masker: Knows what is secret.
    """

    def __init__(self, path: Path, masker: Masker) -> None:
        self.path = path
        self._masker = masker

    async def tail(self, lines: int, *, level: str = "", logger: str = "", contains: str = "") -> str | None:
        """Return the last lines of the records that are wanted."""
        self._masker.learn()
        return await asyncio.to_thread(self._read, lines, LogFilter(level=level, logger=logger, contains=contains))

    def _read(self, lines: int, wanted: LogFilter) -> str | None:
        found = tail(self.path, lines, wanted)
        if found is None:
            return None
        # Line by line: a search through megabytes at once would keep the event loop from running.
        return "\n".join(self._masker.text(line) for line in found.split("\n"))
