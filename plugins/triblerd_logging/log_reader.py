"""The files of the log as others get to see them: without secrets."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from triblerd_logging.api import ALL, LogFile, LogFilter, SecretMasker
from triblerd_logging.log_tail import list_files, tail


class MaskedLog:
    """Implements :class:`triblerd_logging.api.LogReader`.

    Args:
        path: The file that records go to; its rotated ones lie beside it.
        masker: Knows what is secret.
    """

    def __init__(self, path: Path, masker: SecretMasker) -> None:
        self._path = path
        self._masker = masker

    @property
    def directory(self) -> Path:
        """Where the files are."""
        return self._path.parent

    async def files(self) -> Sequence[LogFile]:
        """Return what there is, the newest first."""
        return await asyncio.to_thread(list_files, self._path)

    async def tail(self, lines: int, wanted: LogFilter = ALL) -> str | None:
        """Return the last lines of the records that are wanted."""
        self._masker.learn()
        return await asyncio.to_thread(self._read, lines, wanted)

    def _read(self, lines: int, wanted: LogFilter) -> str | None:
        found = tail(self._path, lines, wanted)
        if found is None:
            return None
        # Line by line: a search through megabytes at once would keep the event loop from running.
        return "\n".join(self._masker.text(line) for line in found.split("\n"))
