"""What other plugins see of this area: the log without secrets, as records and as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec
from msgspec import Meta

from triblerd.services import LogRecord

MOST_LINES = 10_000
"""Of the files, in one answer."""
MOST_RECORDS = 1000
"""Of the memory."""

_LEVELS = ("debug", "info", "warning", "error", "critical")


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are wanted.

    Attributes:
        level: The least level, in lower case; empty for all.
        logger: A logger and all below it, such as ``triblerd_libtorrent``; empty for all.
        contains: A text that a record contains, in whatever case; empty for all.
    """

    level: str = ""
    logger: str = ""
    contains: str = ""

    def takes_head(self, level: str, logger: str) -> bool:
        """Return whether a record of this level and logger may be wanted."""
        if self.level and (level not in _LEVELS or _LEVELS.index(level) < _LEVELS.index(self.level)):
            return False
        return not self.logger or f"{logger}.".startswith(f"{self.logger}.")

    def takes_text(self, text: str) -> bool:
        """Return whether a record with this text may be wanted."""
        return not self.contains or self.contains.casefold() in text.casefold()


ALL = LogFilter()


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the log."""

    name: Annotated[str, Meta(description="Its name in the log directory; a number tells how often it was rotated")]
    size: Annotated[int, Meta(description="Bytes")]
    modified: Annotated[float, Meta(description="When it was last written, Unix time")]


@runtime_checkable
class SecretMasker(Protocol):
    """Keeps secrets out of what is shown: those of the settings, and whatever stands where URLs have keys."""

    def learn(self) -> None:
        """Look at the present settings. For the event loop; what was once secret stays so."""

    def text(self, text: str) -> str:
        """Return a text without the secrets that are known. Also for a thread."""

    def values(self, value: Any) -> Any:
        """Look at the present settings, and return a struct or JSON values as plain JSON values without secrets."""


@runtime_checkable
class LogReader(Protocol):
    """Reads the files of the daemon's log."""

    @property
    def directory(self) -> Path:
        """Where they are."""

    async def files(self) -> Sequence[LogFile]:
        """Return what there is, the newest first."""

    async def tail(self, lines: int, wanted: LogFilter = ALL) -> str | None:
        """Return the last lines, the oldest first, through rotated files and without secrets.

        Args:
            lines: The most lines.
            wanted: Which records; a traceback belongs to the one before it.

        Returns:
            ``None`` when there is no log.
        """


@runtime_checkable
class LastRecords(Protocol):
    """The last records since the daemon began to start, without secrets. They do not need the disk."""

    async def last(self, most: int, wanted: LogFilter = ALL, *, after: float = 0.0) -> Sequence[LogRecord]:
        """Return the last records, the oldest first; there are 1,000 at most.

        Args:
            most: At most so many.
            wanted: Which ones.
            after: Only what was logged after this Unix time.
        """
