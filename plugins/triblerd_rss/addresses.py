"""The addresses of feeds."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, Self
from urllib.parse import urlsplit

from triblerd.errors import InvalidInputError

MOST_FEEDS = 200
LONGEST = 2000

_KEY_BYTES = 8
_ID = re.compile(rf"[0-9a-fA-F]{{{2 * _KEY_BYTES}}}")


class FeedId(str):
    """What names a feed in a path: 16 hex digits, made of its address."""

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": f"^{_ID.pattern}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that a text is.

        Raises:
            InvalidInputError: it is none.
        """
        if not _ID.fullmatch(text):
            msg = f"A feed is named by {2 * _KEY_BYTES} hex digits"
            raise InvalidInputError(msg)
        return cls(text.lower())

    @property
    def key(self) -> bytes:
        """The key of the feed in the store."""
        return bytes.fromhex(self)


def key_of(url: str) -> bytes:
    """Return the key of a feed in the store."""
    return hashlib.sha256(url.encode()).digest()[:_KEY_BYTES]


def checked_urls(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses of feeds, each once, in their order, without blanks around them and without empty ones.

    Raises:
        InvalidInputError: one of them is none, or they are too many.
    """
    found = tuple(dict.fromkeys(url.strip() for url in urls if url.strip()))
    for url in found:
        if problem := problem_of(url):
            msg = f"{url[:LONGEST]!r} {problem}"
            raise InvalidInputError(msg)
    if len(found) > MOST_FEEDS:
        msg = f"urls are at most {MOST_FEEDS}, not {len(found)}"
        raise InvalidInputError(msg)
    return found


def problem_of(url: str) -> str:
    """Return why an address cannot be that of a feed; empty when it can."""
    if len(url) > LONGEST or not url.isprintable() or " " in url:
        return f"is no address: it has blanks, control characters or more than {LONGEST} characters"
    try:
        parts = urlsplit(url)
        is_served = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_served = False
    return "" if is_served else "is no http: or https: address"


def host_of(url: str) -> tuple[str, ...]:
    """Return the host of an address, if it has one."""
    try:
        host = urlsplit(url).hostname
    except ValueError:  # half an address of IPv6
        host = None
    return () if host is None else (host,)
