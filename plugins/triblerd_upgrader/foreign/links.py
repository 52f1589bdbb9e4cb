"""Magnet links (BEP 9) without metadata."""

import base64
from urllib.parse import parse_qsl

import msgspec

_V1, _V2 = "urn:btih:", "urn:btmh:1220"
_LONGEST = 1 << 20
_DIGITS = 40
_LENGTHS = frozenset({(20, 0), (0, 32), (20, 32)})


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a torrent; the ``uri`` is empty when it has to be made of that.

    Raises:
        ValueError: it has no infohash.
    """

    infohash_v1: bytes = b""
    infohash_v2: bytes = b""
    name: str = ""
    uri: str = ""
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (len(self.infohash_v1), len(self.infohash_v2)) not in _LENGTHS:
            msg = "its link has no infohash"
            raise ValueError(msg)


def parse_link(uri: str) -> Link:
    """Return what a link says.

    Raises:
        ValueError: it is none.
    """
    scheme, _, query = uri.strip().partition("?")
    if scheme.lower() != "magnet:" or len(uri) > _LONGEST:
        msg = "it holds no magnet link"
        raise ValueError(msg)
    words = parse_qsl(query, max_num_fields=1000)
    v1 = v2 = b""
    for _, topic in (word for word in words if word[0].partition(".")[0] == "xt"):
        if topic.startswith(_V1):
            v1 = _hash(topic.removeprefix(_V1))
        elif topic.startswith(_V2):
            v2 = bytes.fromhex(topic.removeprefix(_V2))
    return Link(
        infohash_v1=v1,
        infohash_v2=v2,
        name=next((value for key, value in words if key == "dn"), ""),
        uri=uri.strip(),
        trackers=tuple((value,) for key, value in words if key.partition(".")[0] == "tr"),
        web_seeds=tuple(value for key, value in words if key == "ws"),
    )


def _hash(text: str) -> bytes:
    return bytes.fromhex(text) if len(text) == _DIGITS else base64.b32decode(text.upper())
