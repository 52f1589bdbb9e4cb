"""What is asked for one download at a time: peers, files, pieces."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from triblerd.errors import TriblerdError
from triblerd.http.endpoint import encode_json
from triblerd_downloads.answering import with_members
from triblerd_downloads.connected import PeerItem
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.swarm.peers import Peers
from triblerd_downloads.tree.flat import FlatList
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentPieces

log = logging.getLogger(__name__)

WORKERS = 8
LIMIT_SECONDS = 3.0
"""Who has not been asked by then is shown without details; the engine may be busy."""

More = Callable[[ActiveDownload], Awaitable[Mapping[str, object]]]
"""Returns the members that the row of a download is given."""


class Details:
    """Asks the engine, which may have to be waited for."""

    def __init__(
        self, *, engine: TorrentEngine, pieces: TorrentPieces, downloads: DownloadSet, flat: FlatList, peers: Peers
    ) -> None:
        self._engine = engine
        self._pieces = pieces
        self._downloads = downloads
        self._flat = flat
        self._peers = peers

    async def added(self, rows: Mapping[Infohash, bytes], wanted: Iterable[Infohash], more: More) -> list[bytes]:
        """Return rows, those of the wanted downloads with what is asked of these."""
        waiting = [
            download
            for infohash in wanted
            if infohash in rows and (download := self._downloads.find(infohash)) is not None
        ][::-1]
        found: dict[Infohash, bytes] = {}

        async def work() -> None:
            while waiting:
                download = waiting.pop()
                found[download.infohash] = await _members(download, more)

        try:
            async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
                for _ in range(min(WORKERS, len(waiting))):
                    group.create_task(work())
        except TimeoutError:
            log.warning("The engine did not tell of %d downloads in time", len(waiting))
        return [with_members(row, found.get(infohash, b"")) for infohash, row in rows.items()]

    async def peers(self, download: ActiveDownload) -> Sequence[PeerItem]:
        """Return the connected peers."""
        if download.status is None or not download.status.num_peers:  # most downloads of a long list have none
            return []
        return [PeerItem.of(peer) for peer in await self._peers.connected(download.infohash)]

    async def pieces(self, download: ActiveDownload) -> str:
        """Return the bitmap of verified pieces in base64; empty while it is unknown."""
        if not download.has_metadata or not self._engine.has(download.infohash):
            return ""
        return base64.b64encode(await self._pieces.bitmap(download.infohash)).decode()

    async def files(self, download: ActiveDownload) -> bytes:
        """Return the encoded files."""
        return (await self._flat.of(download)).files


async def _members(download: ActiveDownload, more: More) -> bytes:
    """Return JSON members without braces."""
    try:
        return encode_json(await more(download))[1:-1]
    except TriblerdError as error:  # one torrent in a bad state is no reason to fail the list
        log.warning("Some details of %s are missing: %s", download.infohash, error)
    return b""
