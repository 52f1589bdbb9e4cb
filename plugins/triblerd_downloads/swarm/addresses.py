"""What clients and lists name, checked before anything is made of it: trackers, web seeds, peers."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from triblerd.errors import InvalidInputError

LONGEST_URL = 2048
TRACKER_SCHEMES = ("http", "https", "udp", "ws", "wss")
WEB_SEED_SCHEMES = ("http", "https")

_PORTS = range(1, 65536)


def checked_tracker(url: object) -> str:
    """Return an announce URL that a client adds.

    Raises:
        InvalidInputError: it is missing, or none that a tracker could have.
    """
    text = named_url(url)
    if not is_tracker(text):
        msg = (
            "url must be an http, https, udp, ws or wss address of a tracker, of at most "
            f"{LONGEST_URL} printable characters, not {text[:100]!r}"
        )
        raise InvalidInputError(msg)
    return text


def checked_web_seed(url: object) -> str:
    """Return the URL of a web seed that a client adds.

    Raises:
        InvalidInputError: it is missing, or none that a web server could have.
    """
    text = named_url(url)
    if not _is_url(text, WEB_SEED_SCHEMES):
        msg = (
            "url must be an http or https address of a web seed, of at most "
            f"{LONGEST_URL} printable characters, not {text[:100]!r}"
        )
        raise InvalidInputError(msg)
    return text


def named_url(url: object) -> str:
    """Return the URL that a client names, whatever it is.

    Raises:
        InvalidInputError: ``url parameter missing``, or it is no text.
    """
    if url is None or url == "":
        msg = "url parameter missing"
        raise InvalidInputError(msg)
    if not isinstance(url, str):
        msg = f"url must be a text, not {str(url)[:100]}"
        raise InvalidInputError(msg)
    return url


def is_tracker(text: str) -> bool:
    """Return whether a text is an announce URL."""
    return _is_url(text, TRACKER_SCHEMES)


def checked_ip(ip: object) -> str:
    """Return the address of a peer, in its shortest form.

    Raises:
        InvalidInputError: it is missing or none.
    """
    text = named_ip(ip)
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        msg = f"ip must be an address of IPv4 or IPv6, not {text[:100]!r}"
        raise InvalidInputError(msg) from error
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            msg = f"ip must not name a network device, as {text[:100]!r} does"
            raise InvalidInputError(msg)
        address = address.ipv4_mapped or address
    if address.is_multicast or address.is_unspecified:
        msg = f"ip must be the address of one peer, not {text[:100]!r}"
        raise InvalidInputError(msg)
    return str(address)


def named_ip(ip: object) -> str:
    """Return the address that a client names, whatever it is.

    Raises:
        InvalidInputError: ``ip parameter missing``, or it is no text.
    """
    if ip is None or ip == "":
        msg = "ip parameter missing"
        raise InvalidInputError(msg)
    if not isinstance(ip, str):  # the library would take a number for an address
        msg = f"ip must be a text, not {str(ip)[:100]}"
        raise InvalidInputError(msg)
    return ip


def checked_port(port: object) -> int:
    """Return the port of a peer.

    Raises:
        InvalidInputError: it is missing or none.
    """
    if port is None:
        msg = "port parameter missing"
        raise InvalidInputError(msg)
    if not isinstance(port, int) or isinstance(port, bool) or port not in _PORTS:
        msg = f"port must be a number from 1 to 65535, not {str(port)[:100]}"
        raise InvalidInputError(msg)
    return port


def _is_url(text: str, schemes: Collection[str]) -> bool:
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # half an address of IPv6, or a port that is none
        return False
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        return False
    return parts.scheme != "udp" or port is not None  # BEP 15 knows no port by itself
