"""Torrents of a few files that are as large as those of thousands."""

import dataclasses
from typing import Any

import libtorrent as lt

from triblerd_libtorrent.metainfo import ParsingCost, parse_metainfo, parsing_cost
from triblerd_libtorrent.testing import MadeTorrent


def enlarged(made: MadeTorrent) -> MadeTorrent:
    """Return the torrent with half a megabyte more in its info dictionary."""
    entries: Any = lt.bdecode(made.metainfo)
    entries[b"info"][b"x"] = b"x" * 600_000
    metainfo = lt.bencode(entries)
    assert parsing_cost(metainfo) is ParsingCost.LARGE
    infohash = parse_metainfo(metainfo).infohash
    hashes = lt.load_torrent_buffer(metainfo).info_hashes
    v1 = f"&xt=urn:btih:{hashes.v1}" if hashes.has_v1() else ""
    v2 = f"&xt=urn:btmh:1220{hashes.v2}" if hashes.has_v2() else ""
    return dataclasses.replace(made, metainfo=metainfo, infohash=infohash, magnet=f"magnet:?dn=large{v1}{v2}")
