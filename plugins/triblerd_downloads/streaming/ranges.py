"""Which part of a file a request wants (RFC 9110, section 14)."""

import re

from triblerd.errors import TriblerdError

_RANGE = re.compile(r"\s*(\d*)\s*-\s*(\d*)\s*")
_MOST_DIGITS = 19


class UnsatisfiableRangeError(TriblerdError):
    """The file has no such part, or the header names none.

    Attributes:
        size: Bytes of the whole file.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes; this range is not in it")
        self.size = size


def parse_range(header: str | None, size: int) -> range | None:
    """Return the bytes that a ``Range`` header names, clipped to the file; ``None`` when all of it is meant.

    Units other than bytes and several ranges at once are ignored, as the RFC allows.

    Args:
        header: As it was sent; ``None`` without one.
        size: Bytes of the whole file.

    Raises:
        UnsatisfiableRangeError: the range lies outside, is empty, or is none.
    """
    if header is None:
        return None
    unit, equals, text = header.partition("=")
    if unit.strip().lower() != "bytes" or not equals or "," in text:
        return None
    found = _RANGE.fullmatch(text)
    if found is None or not any(found.groups()) or max(map(len, found.groups())) > _MOST_DIGITS:
        raise UnsatisfiableRangeError(size)
    first, last = found.groups()
    wanted = _between(int(first), int(last) if last else size - 1, size) if first else _last(int(last), size)
    if not wanted:
        raise UnsatisfiableRangeError(size)
    return wanted


def start_of(header: str | None, size: int) -> int:
    """Return where the range of a header begins, 0 when it names nothing sensible."""
    try:
        wanted = parse_range(header, size)
    except UnsatisfiableRangeError:
        return 0
    return wanted.start if wanted is not None else 0


def _between(first: int, last: int, size: int) -> range:
    return range(first, min(last + 1, size))


def _last(count: int, size: int) -> range:
    return range(max(size - count, 0), size)
