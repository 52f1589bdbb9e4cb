"""What the fields of an entry say: times, sizes, infohashes, words without marks."""

import base64
import binascii
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from triblerd_rss.markup import End, Start, resolved, tokens

_SIZE = re.compile(r"\s*([0-9]{1,19}(?:[.,][0-9]{1,9})?)\s*([kmgtp]?)(i?)(?:b|bytes?|o)?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LARGEST = 2**63 - 1
_HEX = re.compile(r"[0-9a-fA-F]{40}")
_BASE32 = re.compile(r"[A-Za-z2-7]{32}")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_LATEST = 253402300799  # the end of the year 9999


def time_of(text: str) -> int:
    """Return the Unix time that a date of RFC 822 or RFC 3339 names, 0 when it is none."""
    text = text.strip()[:100]
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(text)
            seconds = int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        return seconds if 0 <= seconds <= _LATEST else 0
    return 0


def size_of(text: str) -> int:
    """Return the bytes that a text such as ``734003200`` or ``1.4 GiB`` names, 0 when it names none.

    Units without an ``i`` are powers of 1000, or are meant to be so nearly that it does not matter here.
    """
    match = _SIZE.fullmatch(text[:60])
    if match is None:
        return 0
    base = 1024 if match[3] else 1000
    bytes_ = int(float(match[1].replace(",", ".")) * base ** _POWERS[match[2].lower()])
    return bytes_ if bytes_ <= _LARGEST else 0


def infohash_of(text: str) -> str:
    """Return 40 lower-case hex digits, or an empty text when it is no infohash, in hex digits or in base 32."""
    text = text.strip()
    if _HEX.fullmatch(text):
        return text.lower()
    if _BASE32.fullmatch(text):
        try:
            return base64.b32decode(text.upper()).hex()
        except binascii.Error:
            return ""
    return ""


def line_of(text: str, longest: int) -> str:
    """Return a text as one line without control characters, cut at its end."""
    # Twice as much as is wanted is looked at: what a hostile feed adds in blanks is not worth the time.
    return _BLANKS.sub(" ", text[: 8 * longest]).strip()[:longest]


def plain_text(html: str) -> str:
    """Return the words of a piece of HTML."""
    pieces = (" " if isinstance(token, Start) else token for token in tokens(html) if not isinstance(token, End))
    return resolved("".join(pieces))
