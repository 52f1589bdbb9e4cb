"""Bencoding (BEP 3) of strangers: whatever it is, it is read within a bounded time, or refused."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Bencoded: TypeAlias = "int | bytes | list[Bencoded] | dict[bytes, Bencoded]"
"""A value as it is read."""
Bencodable: TypeAlias = "int | bytes | Sequence[Bencodable] | Mapping[bytes, Bencodable]"
"""A value as it is written."""

MOST_VALUES = 2000
"""Some two milliseconds' worth of them."""

_DEEPEST = 20
_INTEGER = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_LENGTH = re.compile(rb"(0|[1-9][0-9]{0,8}):")


def decode(raw: bytes, *, most_values: int = MOST_VALUES) -> Bencoded:
    """Return the value that the bytes stand for. Keys may come in any order; of two of the same name the last counts.

    Args:
        raw: All of it, at most some hundred KiB.
        most_values: Integers, strings, lists and dictionaries together; keys count, too.

    Raises:
        ValueError: it is not bencoded, or has too many values, or too many inside one another.
    """
    reader = _Reader(raw, most_values)
    value = reader.value(0)
    if reader.place != len(raw):
        raise reader.error()
    return value


def encode(value: Bencodable) -> bytes:
    """Return the bytes of a value; dictionaries by the order of their keys."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, Mapping):
        return b"d%be" % b"".join(encode(key) + encode(value[key]) for key in sorted(value))
    return b"l%be" % b"".join(map(encode, value))


class _Reader:
    def __init__(self, raw: bytes, most_values: int) -> None:
        self._raw = raw
        self._left = most_values
        self.place = 0

    def value(self, depth: int) -> Bencoded:
        self._left -= 1
        kind = self._raw[self.place : self.place + 1]
        if self._left < 0 or depth > _DEEPEST:
            raise self.error()
        if kind == b"i":
            return self._integer()
        if kind == b"l":
            return self._list(depth + 1)
        if kind == b"d":
            return self._dictionary(depth + 1)
        return self._string()

    def error(self) -> ValueError:
        return ValueError(f"no bencoded value begins at byte {self.place}, or there are too many")

    def _integer(self) -> int:
        match = _INTEGER.match(self._raw, self.place)
        if match is None:
            raise self.error()
        self.place = match.end()
        return int(match[1])

    def _string(self) -> bytes:
        match = _LENGTH.match(self._raw, self.place)
        if match is None or match.end() + int(match[1]) > len(self._raw):
            raise self.error()
        self.place = match.end() + int(match[1])
        return self._raw[match.end() : self.place]

    def _list(self, depth: int) -> list[Bencoded]:
        self.place += 1
        values: list[Bencoded] = []
        while not self._ends():
            values.append(self.value(depth))
        return values

    def _dictionary(self, depth: int) -> dict[bytes, Bencoded]:
        self.place += 1
        values: dict[bytes, Bencoded] = {}
        while not self._ends():
            self._left -= 1
            key = self._string()
            values[key] = self.value(depth)
        return values

    def _ends(self) -> bool:
        if self._raw[self.place : self.place + 1] != b"e":
            return False
        self.place += 1
        return True
