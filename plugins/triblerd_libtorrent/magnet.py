"""Magnet links (BEP 9, BEP 53)."""

import re
from collections.abc import Callable, Iterator

import libtorrent as lt

from triblerd_libtorrent.api import Magnet, MagnetError
from triblerd_libtorrent.identity import identity_of

_LONGEST = 64 * 1024
_MOST_SELECTED = 100_000
_RANGE = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SELECT = re.compile(r"[?&]so=([^&]*)", re.IGNORECASE)


def parse_magnet(uri: str) -> Magnet:
    """Return what a magnet link says.

    Raises:
        MagnetError: ``Missing infohash``, whatever is wrong: no other text is part of the unprefixed API. The reason
            is in the words of the engine.
    """
    params = load_magnet(uri)
    hashes = params.info_hashes
    return Magnet(
        uri=uri,
        infohash=identity_of(hashes),
        infohash_v1=str(hashes.v1) if hashes.has_v1() else "",
        infohash_v2=str(hashes.v2) if hashes.has_v2() else "",
        name=params.name,
        trackers=tuple(dict.fromkeys(params.trackers)),
        web_seeds=tuple(params.url_seeds),
        selected_files=_selected(uri),
        peers=tuple(params.peers),
    )


def load_magnet(uri: str) -> lt.add_torrent_params:
    """Return what the engine makes of a magnet link, whose texts are known to be readable.

    Raises:
        MagnetError: ``Missing infohash``.
    """
    msg = "Missing infohash"
    if len(uri) > _LONGEST or "\0" in uri:
        raise MagnetError(msg)
    try:
        params = lt.parse_magnet_uri(f"magnet:{uri.partition(':')[2]}")  # the engine knows no MAGNET:
    except (RuntimeError, ValueError) as error:  # ValueError: text that is no Unicode
        raise MagnetError(msg, reason=str(error)) from error
    if not (params.info_hashes.has_v1() or params.info_hashes.has_v2()):
        raise MagnetError(msg)
    _clean(params)
    return params


def _clean(params: lt.add_torrent_params) -> None:
    """Forget texts that are not UTF-8, on which the binding fails whenever they are read; take control out of names."""
    params.name = _CONTROL.sub("_", params.name) if _is_readable(lambda: params.name) else ""
    if not _is_readable(lambda: params.trackers):
        params.trackers = []
    if not _is_readable(lambda: params.url_seeds):
        params.url_seeds = []


def _is_readable(read: Callable[[], object]) -> bool:
    try:
        read()
    except UnicodeDecodeError:
        return False
    return True


def _selected(uri: str) -> tuple[int, ...] | None:
    found = _SELECT.search(uri)
    if found is None:
        return None
    chosen: list[int] = []
    for first, last in sorted(_ranges(found[1])):
        beyond = max(first, chosen[-1] + 1) if chosen else first  # ranges may overlap, thousands of times
        chosen.extend(range(beyond, min(last + 1, beyond + _MOST_SELECTED - len(chosen))))
    return tuple(chosen) or None


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for part in text.replace("%2C", ",").replace("%2c", ",").split(","):
        bounds = _RANGE.fullmatch(part)
        if bounds is not None:
            yield int(bounds[1]), int(bounds[2] or bounds[1])
