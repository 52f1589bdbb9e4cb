"""Reads the log from its end, through its rotated files, and leaves out what is not wanted.

A record begins with a time; what follows it up to the next one, such as a traceback, belongs to it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_LINES = 10_000
_MOST_SCANNED = 64 << 20  # bytes; more than a log has by default, and half a second's work
_MOST_CONTENT = 8 << 20  # bytes
_BLOCK = 64 << 10
_LONGEST_LINE = 1 << 20  # bytes; a longer one comes in parts
_LEVELS = ("debug", "info", "warning", "error", "critical")
_TEXT_HEAD = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (?P<level>[A-Z]+) +(?P<logger>\S+): ")
_JSON_HEAD = re.compile(rb'\{"time":')


class _JsonHead(msgspec.Struct):
    level: str = ""
    logger: str = ""


_decode_json = msgspec.json.Decoder(_JsonHead).decode


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

    def takes(self, record: bytes) -> bool:
        """Return whether a record is wanted."""
        if self.contains and self.contains.casefold() not in record.decode(errors="replace").casefold():
            return False
        if not self.level and not self.logger:
            return True
        level, logger = _head(record)
        return _is_at_least(level, self.level) and (f"{logger}.".startswith(f"{self.logger}.") or not self.logger)


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the log."""

    name: Annotated[str, Meta(description="Its name in the log directory; a number tells how often it was rotated")]
    size: Annotated[int, Meta(description="Bytes")]
    modified: Annotated[float, Meta(description="When it was last written, Unix time")]


def log_files(path: Path) -> list[Path]:
    """Return the log and its rotated files, the newest first."""
    rotated = ((_number(found, path), found) for found in path.parent.glob(f"{path.name}.*"))
    older = sorted((number, found) for number, found in rotated if number)
    return [path, *(found for _, found in older)] if path.exists() else [found for _, found in older]


def list_files(path: Path) -> list[LogFile]:
    """Return what the files of a log are called, the newest first. For a thread."""
    listed = []
    for file in log_files(path):
        try:
            stat = file.stat()
        except FileNotFoundError:  # rotated meanwhile
            continue
        listed.append(LogFile(name=file.name, size=stat.st_size, modified=stat.st_mtime))
    return listed


def tail(path: Path, count: int, wanted: LogFilter) -> str | None:
    """Return the last lines of the wanted records, the oldest first; ``None`` when there is no log. For a thread.

    Args:
        path: The newest file; its rotated ones lie beside it.
        count: The most lines.
        wanted: Which records.
    """
    files = log_files(path)
    if not files:
        return None
    lines: list[bytes] = []
    room = _MOST_CONTENT
    for record in _records_backwards(files):
        if not wanted.takes(record):
            continue
        for line in reversed(record.split(b"\n")):
            room -= len(line) + 1
            if len(lines) == count or room < 0:
                return _joined(lines)
            lines.append(line)
    return _joined(lines)


def _joined(lines: list[bytes]) -> str:
    return b"\n".join(reversed(lines)).decode(errors="replace")


def _records_backwards(files: list[Path]) -> Iterator[bytes]:
    record: list[bytes] = []
    for line in _lines_backwards(files):
        record.append(line)
        if _TEXT_HEAD.match(line) or _JSON_HEAD.match(line):
            yield b"\n".join(reversed(record))
            record = []
    if record:
        yield b"\n".join(reversed(record))


def _lines_backwards(files: list[Path]) -> Iterator[bytes]:
    scanned = 0
    for path in files:
        rest = b""
        for block in _blocks_backwards(path):
            scanned += len(block)
            first, *others = (block + rest).split(b"\n")
            yield from (line.removesuffix(b"\r") for line in reversed(others) if line)
            rest = first
            if len(rest) > _LONGEST_LINE:  # what comes before it would be copied again and again
                yield rest
                rest = b""
            if scanned > _MOST_SCANNED:
                return
        if rest:
            yield rest


def _blocks_backwards(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            position = file.seek(0, 2)
            while position > 0:
                size = min(_BLOCK, position)
                position -= size
                file.seek(position)
                yield file.read(size)
    except FileNotFoundError:  # rotated meanwhile
        return


def _head(record: bytes) -> tuple[str, str]:
    if found := _TEXT_HEAD.match(record):
        return found["level"].decode().lower(), found["logger"].decode(errors="replace")
    try:
        head = _decode_json(record.partition(b"\n")[0])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    return head.level, head.logger


def _is_at_least(level: str, least: str) -> bool:
    if not least:
        return True
    return level in _LEVELS and _LEVELS.index(level) >= _LEVELS.index(least)


def _number(file: Path, log: Path) -> int:
    digits = file.name.removeprefix(f"{log.name}.")
    return int(digits) if digits.isdecimal() and digits.isascii() else 0
