"""Reads the log from its end, through its rotated files, and leaves out what is not wanted.

A record begins with a time; what follows it up to the next one, such as a traceback, belongs to it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from triblerd_logging.api import LogFile, LogFilter

_MOST_SCANNED = 64 << 20  # bytes; more than a log has by default, and half a second's work
_MOST_CONTENT = 8 << 20  # bytes
_BLOCK = 64 << 10
_LONGEST_LINE = 1 << 20  # bytes; a longer one comes in parts
_TEXT_HEAD = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (?P<level>[A-Z]+) +(?P<logger>\S+): ")
_JSON_HEAD = re.compile(rb'\{"time":')


class _JsonHead(msgspec.Struct):
    level: str = ""
    logger: str = ""


_decode_json = msgspec.json.Decoder(_JsonHead).decode


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
        if not _is_wanted(record, wanted):
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


def _is_wanted(record: bytes, wanted: LogFilter) -> bool:
    if wanted.contains and not wanted.takes_text(record.decode(errors="replace")):
        return False
    return not (wanted.level or wanted.logger) or wanted.takes_head(*_head(record))


def _head(record: bytes) -> tuple[str, str]:
    if found := _TEXT_HEAD.match(record):
        return found["level"].decode().lower(), found["logger"].decode(errors="replace")
    try:
        head = _decode_json(record.partition(b"\n")[0])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    return head.level, head.logger


def _number(file: Path, log: Path) -> int:
    digits = file.name.removeprefix(f"{log.name}.")
    return int(digits) if digits.isdecimal() and digits.isascii() else 0
