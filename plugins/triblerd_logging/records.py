"""The last records of the log, without secrets."""

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec

from triblerd.services import LogRecord, RecentLog
from triblerd_logging.api import ALL, LogFilter, SecretMasker


class MaskedRecords:
    """Implements :class:`triblerd_logging.api.LastRecords`.

    Args:
        recent: Has the records.
        masker: Knows what is secret.
    """

    def __init__(self, recent: RecentLog, masker: SecretMasker) -> None:
        self._recent = recent
        self._masker = masker

    async def last(self, most: int, wanted: LogFilter = ALL, *, after: float = 0.0) -> Sequence[LogRecord]:
        """Return the last records, the oldest first."""
        self._masker.learn()
        # Long tracebacks may make it a second's work.
        return await asyncio.to_thread(self._chosen, self._recent.records(), most, wanted, after)

    def _chosen(self, records: Sequence[LogRecord], most: int, wanted: LogFilter, after: float) -> list[LogRecord]:
        found: deque[LogRecord] = deque()
        for record in reversed(records):
            if len(found) == most:
                break
            if record.time <= after or not wanted.takes_head(record.level, record.logger):
                continue
            shown = self._shown(record)  # filtered as it is shown, or else a filter would find secrets out
            if wanted.takes_text(f"{shown.message}\n{shown.exception}"):
                found.appendleft(shown)
        return list(found)

    def _shown(self, record: LogRecord) -> LogRecord:
        return msgspec.structs.replace(
            record, message=self._masker.text(record.message), exception=self._masker.text(record.exception)
        )
