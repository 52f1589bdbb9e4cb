"""Magnet links without metadata, in the two forms that Transmission keeps them in."""

import base64
from urllib.parse import parse_qsl

import msgspec

from triblerd_libtorrent.api import bdecode
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import tiers_of

_V1, _V2 = "urn:btih:", "urn:btmh:1220"
_LONGEST = 1 << 20
_DIGITS = 40


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a torrent; the ``uri`` is empty when it has to be made of that."""

    infohash_v1: bytes = b""
    infohash_v2: bytes = b""
    name: str = ""
    uri: str = ""
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()


def parse_link(uri: str) -> Link:
    """Return what a link says (BEP 9).

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
    if not v1 and not v2:
        msg = "its magnet link has no infohash"
        raise ValueError(msg)
    return Link(
        infohash_v1=v1,
        infohash_v2=v2,
        name=next((value for key, value in words if key == "dn"), ""),
        uri=uri.strip(),
        trackers=tuple((value,) for key, value in words if key.partition(".")[0] == "tr"),
        web_seeds=tuple(value for key, value in words if key == "ws"),
    )


def parse_pseudo_torrent(raw: bytes) -> Link | None:
    """Return what a torrent file of version 3 says that stands for a link; ``None`` when it is a real one.

    Raises:
        ValueError: it is damaged.
    """
    value = bdecode(raw)
    fields = Fields.of(value)
    if "info" in fields or not isinstance(value, dict):
        return None
    magnet = fields.fields("magnet-info")
    infohash = magnet.raw("info_hash")
    if len(infohash) != _DIGITS // 2:
        msg = "it holds neither a torrent nor a link"
        raise ValueError(msg)
    return Link(infohash_v1=infohash, name=magnet.text("display-name"), trackers=tiers_of(value))


def _hash(text: str) -> bytes:
    return bytes.fromhex(text) if len(text) == _DIGITS else base64.b32decode(text.upper())
