"""What the end of an earlier life kept from being written down, found out at the next start."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import learned
from triblerd_libtorrent.api import Infohash, Metainfo, MetainfoError, TorrentStore

log = logging.getLogger(__name__)


class Parser(Protocol):
    """Reads torrent files."""

    async def parse_metainfo(self, raw: bytes) -> Metainfo:
        """Return what the bytes say, or raise ``MetainfoError``."""


async def unwritten(
    found: Mapping[Infohash, DownloadRecord], torrents: TorrentStore, parser: Parser
) -> dict[Infohash, dict[str, Any]]:
    """Return the fields of stored records that are otherwise by now."""
    changes: dict[Infohash, dict[str, Any]] = {}
    for infohash, record in found.items():
        if not record.file_count and (fields := await _learned(infohash, record, torrents, parser)):
            changes[infohash] = fields
    return changes


async def _learned(
    infohash: Infohash, record: DownloadRecord, torrents: TorrentStore, parser: Parser
) -> dict[str, Any]:
    """Return what the torrent file of a magnet link says: the engine tells of it only when it comes."""
    raw = torrents.metainfo(infohash)
    if raw is None:
        return {}
    try:
        # The engine has no resume data yet: the link may be all that names a peer or a web seed.
        return learned(record, await parser.parse_metainfo(raw)) | {"magnet": record.magnet}
    except MetainfoError as error:
        log.warning("The stored torrent file of %s cannot be read: %s", infohash, error)
        return {}
