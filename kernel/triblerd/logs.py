"""Where log records go: stderr, and rotated files in the state directory, written by a thread of their own.

The last ones are in memory, too, as they were before anybody wrote them as text.
"""

import contextlib
import copy
import json
import logging
import logging.handlers
import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from triblerd.config import GeneralConfig
from triblerd.errors import FailedError
from triblerd.services import LogRecord

FILE_NAME = "triblerd.log"
MOST_RECENT = 1000
LONGEST_TEXT = 16 * 1024
"""Characters of a message, and of an exception, that are kept in memory."""
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object: ``time`` (Unix), ``level``, ``logger``, ``message``, ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        fields: dict[str, object] = {
            "time": round(record.created, 6),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            fields["exception"] = record.exc_text
        return json.dumps(fields, ensure_ascii=False)


class RecentRecords:
    """Implements :class:`triblerd.services.RecentLog`. Records come from any thread."""

    def __init__(self) -> None:
        self._records: deque[LogRecord] = deque(maxlen=MOST_RECENT)

    def add(self, record: logging.LogRecord) -> None:
        """Keep a record whose texts are made."""
        message, exception = str(record.msg), record.exc_text or ""
        self._records.append(
            LogRecord(
                time=record.created,
                level=record.levelname.lower(),
                logger=record.name,
                message=message if len(message) <= LONGEST_TEXT else f"{message[:LONGEST_TEXT]}...",
                exception=exception[-LONGEST_TEXT:],  # what went wrong stands at the end
            )
        )

    def records(self) -> Sequence[LogRecord]:
        """Return the last records, the oldest first."""
        return list(self._records)


class _Feeder(logging.handlers.QueueHandler):
    """Hands records to the writer's thread with their texts made, so that nothing in them changes meanwhile."""

    def __init__(self, records: "queue.SimpleQueue[logging.LogRecord]", recent: RecentRecords) -> None:
        super().__init__(records)
        self._recent = recent

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record = copy.copy(record)
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        self._recent.add(record)
        return record


class _File(logging.handlers.RotatingFileHandler):
    """Loses what the disk does not take: it stands on stderr, and a full disk would tell of itself at every record."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        """Go on without the record."""

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            super().close()


@contextmanager
def logging_to(
    directory: Path, config: GeneralConfig, *, recent: RecentRecords | None = None, stderr: bool = True
) -> Iterator[Path]:
    """Send all records to a file in ``directory``, which is yielded, and to stderr if wanted, until the block ends.

    Records are handed to a thread, so that a slow disk never holds the event loop.

    Args:
        directory: Made when it is missing.
        config: How much is logged, and how.
        recent: Keeps the last records.
        stderr: Whether they go there, too.

    Raises:
        FailedError: the directory cannot be made or written.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _File(directory / FILE_NAME, maxBytes=config.log_size, backupCount=config.log_count, encoding="utf-8")
    except OSError as error:
        msg = f"The log directory {directory} cannot be written: {error.strerror or error}"
        raise FailedError(msg) from error
    handlers: list[logging.Handler] = [logging.StreamHandler(), file] if stderr else [file]
    for handler in handlers:
        handler.setFormatter(_formatter(config))
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    feeder = _Feeder(records, recent or RecentRecords())
    writer = logging.handlers.QueueListener(records, *handlers)
    root = logging.getLogger()
    previous = root.level
    root.addHandler(feeder)
    root.setLevel(config.log_level.upper())
    writer.start()
    try:
        yield directory / FILE_NAME
    finally:
        root.removeHandler(feeder)
        root.setLevel(previous)
        writer.stop()
        file.close()


def _formatter(config: GeneralConfig) -> logging.Formatter:
    if config.log_format == "json":
        return JsonFormatter()
    formatter = logging.Formatter(_TEXT, "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter
