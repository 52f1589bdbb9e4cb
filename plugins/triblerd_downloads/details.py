"""What is asked for one download at a time: peers, files, pieces."""

import asyncio
import base64
import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from triblerd.errors import TriblerdError
from triblerd.http.endpoint import encode_json
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.schemas import ListQuery
from triblerd_downloads.swarm.peers import Peers
from triblerd_downloads.swarm.schemas import PeerItem
from triblerd_downloads.tree.flat import FlatList
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentPieces

log = logging.getLogger(__name__)

WORKERS = 8
LIMIT_SECONDS = 3.0
"""Who has not been asked by then is shown without details; the engine may be busy."""


class Details:
    """Asks the engine, which may have to be waited for."""

    def __init__(self, *, engine: TorrentEngine, pieces: TorrentPieces, flat: FlatList, peers: Peers) -> None:
        self._engine = engine
        self._pieces = pieces
        self._flat = flat
        self._peers = peers

    async def extras(self, downloads: Iterable[ActiveDownload], query: ListQuery) -> dict[Infohash, bytes]:
        """Return what a query adds to the rows of these downloads: JSON members without braces."""
        waiting = list(downloads)[::-1]
        found: dict[Infohash, bytes] = {}

        async def work() -> None:
            while waiting:
                download = waiting.pop()
                found[download.infohash] = await self._extra(download, query)

        try:
            async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
                for _ in range(min(WORKERS, len(waiting))):
                    group.create_task(work())
        except TimeoutError:
            log.warning("The engine did not tell of %d downloads in time", len(waiting))
        return found

    async def _extra(self, download: ActiveDownload, query: ListQuery) -> bytes:
        extra: dict[str, Any] = {}
        try:
            if query.get_peers:
                extra["peers"] = await self._connected(download)
            if query.get_pieces:
                extra["pieces"] = await self._bitmap(download)
            if query.get_files:
                extra["files"] = msgspec.Raw(await self._flat.encoded(download))
        except TriblerdError as error:  # one torrent in a bad state is no reason to fail the list
            log.warning("Some details of %s are missing: %s", download.infohash, error)
        return encode_json(extra)[1:-1]

    async def _connected(self, download: ActiveDownload) -> list[PeerItem]:
        if download.status is None or not download.status.num_peers:  # most downloads of a long list have none
            return []
        return [PeerItem.of(peer) for peer in await self._peers.connected(download.infohash)]

    async def _bitmap(self, download: ActiveDownload) -> str:
        if not download.has_metadata or not self._engine.has(download.infohash):
            return ""
        return base64.b64encode(await self._pieces.bitmap(download.infohash)).decode()
