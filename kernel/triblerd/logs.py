"""Where log records go: stderr, and rotated files in the state directory, written by a thread of their own."""

import contextlib
import copy
import json
import logging
import logging.handlers
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from triblerd.config import GeneralConfig
from triblerd.errors import FailedError

FILE_NAME = "triblerd.log"
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


class _Feeder(logging.handlers.QueueHandler):
    """Hands records to the writer's thread with their texts made, so that nothing in them changes meanwhile."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record = copy.copy(record)
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
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
def logging_to(directory: Path, config: GeneralConfig, *, stderr: bool = True) -> Iterator[Path]:
    """Send all records to a file in ``directory``, which is yielded, and to stderr if wanted, until the block ends.

    Records are handed to a thread, so that a slow disk never holds the event loop.

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
    feeder = _Feeder(records)
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
