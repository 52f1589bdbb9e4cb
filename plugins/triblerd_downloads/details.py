"""What is asked for one download at a time: peers, files, pieces."""

import asyncio
import base64
import logging
from collections.abc import Iterable
from typing import Any

from triblerd.errors import TriblerdError
from triblerd.http.endpoint import encode_json
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.downloads import DownloadManager
from triblerd_downloads.schemas import FileItem, ListQuery
from triblerd_downloads.swarm.peers import Peers
from triblerd_downloads.swarm.schemas import PeerItem
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentFile

log = logging.getLogger(__name__)

WORKERS = 8
LIMIT_SECONDS = 3.0
"""Who has not been asked by then is shown without details; the engine may be busy."""


class Details:
    """Asks the engine, which may have to be waited for."""

    def __init__(self, *, engine: TorrentEngine, manager: DownloadManager, peers: Peers) -> None:
        self._engine = engine
        self._peers = peers
        self._manager = manager

    async def files(self, download: ActiveDownload) -> list[FileItem]:
        """Return the files, pad files left out; none while they are unknown."""
        metainfo = await self._manager.metainfo(download.infohash)
        if metainfo is None:
            return []
        received = await self._received(download)
        skip = len(metainfo.files[0].path.partition("/")[0]) + 1 if metainfo.is_multi_file else 0
        selection = download.record.selection
        wanted = None if selection is None else frozenset(selection)
        complete = received is None and download.record.progress >= 1
        return [
            FileItem(
                index=file.index,
                name=file.path[skip:],
                size=file.size,
                included=wanted is None or file.index in wanted,
                progress=1.0 if complete else _progress(file, received),
            )
            for file in metainfo.files
            if not file.is_pad
        ]

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
                extra["peers"] = [PeerItem.of(peer) for peer in await self._peers.connected(download.infohash)]
            if query.get_pieces:
                extra["pieces"] = await self._pieces(download)
            if query.get_files:
                extra["files"] = await self.files(download)
        except TriblerdError as error:  # one torrent in a bad state is no reason to fail the list
            log.warning("Some details of %s are missing: %s", download.infohash, error)
        return encode_json(extra)[1:-1]

    async def _pieces(self, download: ActiveDownload) -> str:
        if not download.has_metadata or not self._engine.has(download.infohash):
            return ""
        return base64.b64encode(await self._engine.pieces(download.infohash)).decode()

    async def _received(self, download: ActiveDownload) -> tuple[int, ...] | None:
        """Return the bytes of each file that are there, ``None`` while the engine does not have the torrent."""
        if download.status is None or not self._engine.has(download.infohash):
            return None
        return await self._engine.file_progress(download.infohash)


def _progress(file: TorrentFile, received: tuple[int, ...] | None) -> float:
    if file.size == 0:
        return 1.0
    if received is None or file.index >= len(received):
        return 0.0
    return min(received[file.index] / file.size, 1.0)
