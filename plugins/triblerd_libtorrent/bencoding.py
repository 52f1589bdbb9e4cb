"""Bencoding (BEP 3) without the engine. Whatever strangers made is read within a bounded time, or refused."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Bencoded: TypeAlias = "int | bytes | list[Bencoded] | dict[bytes, Bencoded]"
"""A value as it is read."""
Bencodable: TypeAlias = (
    "int | str | bytes | Sequence[Bencodable] | Mapping[str, Bencodable] | Mapping[bytes, Bencodable]"
)
"""A value as it is written."""

MOST_VALUES = 2000
"""About a millisecond's worth of them."""
DEEPEST = 20

_TOKEN = re.compile(rb"(0|[1-9][0-9]{0,8}):|i(0|-?[1-9][0-9]{0,18})e|(d)|(l)|e")
_STRING, _INTEGER, _DICTIONARY = 1, 2, 3  # its groups; what has none is an end


def bdecode(raw: bytes, *, most_values: int = MOST_VALUES, deepest: int = DEEPEST) -> Bencoded:
    """Return the value that the bytes stand for. Keys may come in any order; of two of the same name the last counts.

    Args:
        raw: All of it.
        most_values: Integers, strings, lists and dictionaries together; keys count, too.
        deepest: How many lists and dictionaries may stand inside one another.

    Raises:
        ValueError: it is not bencoded, or has too many values, or too many inside one another.
    """
    return _decode(raw, most_values, deepest)[0]


def bdecode_dictionary(
    raw: bytes, *, most_values: int = MOST_VALUES, deepest: int = DEEPEST
) -> tuple[dict[bytes, Bencoded], dict[bytes, slice]]:
    """Return a dictionary, and where in ``raw`` each of its values lies: an infohash is one of bytes as they are.

    Args:
        raw: As for ``bdecode``.
        most_values: Likewise.
        deepest: Likewise.

    Raises:
        ValueError: as of ``bdecode``, or it is no dictionary.
    """
    value, starts = _decode(raw, most_values, deepest)
    if not isinstance(value, dict):
        msg = "the bencoded value is no dictionary"
        raise ValueError(msg)  # noqa: TRY004  # the content is wrong, not the type of the argument
    ends = starts[2::2]  # of a value: where the next key begins, or the end of the dictionary
    keys = (raw[start:end].partition(b":")[2] for start, end in zip(starts[:-1:2], starts[1::2], strict=True))
    return value, dict(zip(keys, map(slice, starts[1::2], ends), strict=True))


def bencode(value: Bencodable) -> bytes:
    """Return the bytes of a value; text as UTF-8, dictionaries by the order of their keys' bytes."""
    parts: list[bytes] = []
    _append(value, parts)
    return b"".join(parts)


def _append(value: Bencodable, parts: list[bytes]) -> None:
    if isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, bytes):
        parts.append(b"%d:%b" % (len(value), value))
    elif isinstance(value, str):
        _append(value.encode(), parts)
    elif isinstance(value, Mapping):
        parts.append(b"d")
        items = [(key.encode() if isinstance(key, str) else key, item) for key, item in value.items()]
        for key, item in sorted(items, key=lambda pair: pair[0]):
            _append(key, parts)
            _append(item, parts)
        parts.append(b"e")
    else:
        parts.append(b"l")
        for item in value:
            _append(item, parts)
        parts.append(b"e")


def _decode(raw: bytes, most_values: int, deepest: int) -> tuple[Bencoded, list[int]]:
    """Return the value, and where each item of the outermost list or dictionary begins, and the last one ends.

    It is one loop over the tokens, so that depth takes no stack. Keys and values of a dictionary are items of a list
    until it ends.
    """
    token, left = _TOKEN.match, most_values
    items: list[Bencoded] = []
    around: list[tuple[list[Bencoded], bool]] = []  # what goes on after this list or dictionary
    is_dictionary = False
    starts: list[int] = []
    place = 0
    while not items or around:
        match = token(raw, place)
        if match is None or left < 0 or len(around) > deepest or (match.lastindex is None and not around):
            raise _error(place)
        if len(around) == 1:
            starts.append(place)
        kind, place = match.lastindex, match.end()
        left -= kind is not None  # an end is no value
        if kind == _STRING:
            end = place + int(match[_STRING])
            items.append(raw[place:end])
            place = end
        elif kind == _INTEGER:
            items.append(int(match[_INTEGER]))
        elif kind is not None:
            around.append((items, is_dictionary))
            items, is_dictionary = [], kind == _DICTIONARY
        else:
            value = _dictionary(items, place) if is_dictionary else items
            items, is_dictionary = around.pop()
            items.append(value)
    if place != len(raw) or left < 0:
        raise _error(place)
    return items[0], starts


def _dictionary(items: list[Bencoded], place: int) -> dict[bytes, Bencoded]:
    keys = [key for key in items[::2] if isinstance(key, bytes)]
    if 2 * len(keys) != len(items):
        raise _error(place)
    return dict(zip(keys, items[1::2], strict=True))


def _error(place: int) -> ValueError:
    return ValueError(f"no bencoded value lies before byte {place}, or there are too many")
