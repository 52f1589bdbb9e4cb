"""The names that the engine gives to files on disk, whatever a torrent calls them."""

import re

_LONGEST = 240  # bytes; an extension may come on top
_LONGEST_EXTENSION = 10

# Separators, and what is not seen but changes the direction of text.
_DROPPED = frozenset(map(ord, "/\\\0\u061c\ufeff")).union(
    range(0x200B, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2065), range(0x2066, 0x206A)
)
_SPECIAL = re.compile("[/\\\\\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def name_on_disk(raw: bytes) -> str:
    """Return the name of a file or directory that a torrent calls so; empty when nothing of it can be used."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = _replaced(raw)
    else:
        if len(raw) >= _LONGEST or _SPECIAL.search(name):
            name = _replaced(raw)
    return "" if name in {".", ".."} else name


def _replaced(raw: bytes) -> str:
    """Return the name with ``_`` in the place of what is no text, shortened, without what must not stand in a name."""
    parts: list[str] = []
    written = place = 0
    has_extension = False
    while place < len(raw):
        part = raw[place : place + _sequence_length(raw[place])]
        place += len(part)
        try:
            character = part.decode()
        except UnicodeDecodeError:
            character = ""
        if character and ord(character) in _DROPPED:
            continue
        if not character or _SPECIAL.match(character):
            parts.append("_")
            written += 1
            continue
        parts.append(character)
        written += len(part)
        if written >= _LONGEST and not has_extension:
            dot = raw.rfind(b".", max(len(raw) - _LONGEST_EXTENSION, place - len(part)) + 1)
            if dot < 0:
                break
            has_extension, place = True, dot
    return "".join(parts)


def _sequence_length(lead: int) -> int:
    """Return how many bytes a character has that begins with this one."""
    for length, least, most in ((2, 0xC0, 0xDF), (3, 0xE0, 0xEF), (4, 0xF0, 0xF7), (5, 0xF8, 0xFB)):
        if least <= lead <= most:
            return length
    return 1
