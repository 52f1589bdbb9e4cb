"""The one spelling of each tracker: what is stored, compared and asked.

No spelling has a query string, a user or a part that looks like a key: these say whose the torrent file was, and the
store is for others, too.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import SplitResult, urlsplit

MOST_TRACKERS = 50
"""Of one torrent; those that stand first are taken."""
LONGEST = 512
"""Characters."""

_SEPARATORS = re.compile(r"[\s;\x00-\x1f\x7f]+")
_TAIL = ",*.:"
_DEFAULT_PORTS = {"http": 80, "https": 443, "udp": None}
_PORTS = range(1, 65536)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253
_KEY = re.compile(r"(?=[^/]*[0-9])[0-9A-Za-z_-]{20,}")


def normalise_tracker(text: str) -> str | None:
    """Return the announce URL that a text names in its one spelling, ``None`` when it names none.

    The scheme is ``http``, ``https`` or ``udp``, the host a dotted name, ``localhost`` or an address of IPv4, in lower
    case. UDP has a port and no path; HTTP has a path without a slash at its end, and a port only where it is not the
    usual one. Of several URLs in the text the first good one counts.
    """
    parts = (part for part in _SEPARATORS.split(text) if len(part) <= LONGEST)
    return next((url for part in parts if (url := _normalise(part))), None)


def normalise_trackers(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the announce URLs in their one spelling, each once, in order, at most ``MOST_TRACKERS``."""
    urls = dict.fromkeys(url for text in texts if (url := normalise_tracker(text)))
    return tuple(urls)[:MOST_TRACKERS]


@lru_cache(maxsize=10_000)  # a few hundred trackers serve most torrents
def _normalise(text: str) -> str | None:
    if "..." in text or not text.isascii():  # three dots: somebody has cut it
        return None
    try:
        parts = urlsplit(text.rstrip(_TAIL))
        port = parts.port
    except ValueError:  # half an address of IPv6, or a port that is none
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or not _is_host(parts.hostname or ""):
        return None
    usual = _DEFAULT_PORTS[parts.scheme]
    if port is None:
        port = usual
    if port not in _PORTS:
        return None
    place = f"{parts.scheme}://{parts.hostname}" + ("" if port == usual else f":{port}")
    return place if parts.scheme == "udp" else _with_path(place, parts)


def _with_path(place: str, parts: SplitResult) -> str | None:
    path = parts.path.rstrip("/")
    if not path or any(_KEY.fullmatch(segment) for segment in path.split("/")):
        return None
    return place + path


def _is_host(host: str) -> bool:
    if host == "localhost":
        return True
    labels = host.split(".")
    if len(labels) == 1 or len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        return False
    return not labels[-1].isdigit() or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True
