"""The peers of a download: who is connected, whom the user names, whom the user does not want."""

from typing import Any

import msgspec

from triblerd.errors import OperationError
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_downloads.records import Records
from triblerd_libtorrent.api import Infohash, Magnet, Metainfo, Peer, PeerBans, TorrentEngine, TorrentSwarm

MOST_PEERS = 50
"""Named by the user, of one download; the ones named last are kept."""


def peers_of(source: Metainfo | Magnet) -> tuple[tuple[str, int], ...]:
    """Return the peers that a magnet link names, to be met at every start: the engine does not remember all of them."""
    return source.peers[-MOST_PEERS:] if isinstance(source, Magnet) else ()


class NotRunningError(OperationError):
    """The engine did not take the torrent."""


class Peers:
    """Lists, adds and drops peers. Those that the user adds are met again after a restart."""

    def __init__(  # noqa: PLR0913 - what peers concern, by keyword
        self,
        *,
        engine: TorrentEngine,
        swarm: TorrentSwarm,
        bans: PeerBans,
        downloads: DownloadSet,
        records: Records,
        handover: Handover,
    ) -> None:
        self._engine = engine
        self._swarm = swarm
        self._bans = bans
        self._downloads = downloads
        self._records = records
        self._handover = handover

    async def connected(self, infohash: Infohash) -> tuple[Peer, ...]:
        """Return the connected peers."""
        download = self._downloads.get(infohash)
        if not self._engine.has(infohash):
            return ()
        peers = await self._swarm.peers(infohash)
        found_by = sum("dht" in peer.source for peer in peers), sum("pex" in peer.source for peer in peers)
        if found_by != download.found_by:
            download.found_by = found_by
            self._downloads.touch(infohash)
        return peers

    async def add(self, infohash: Infohash, ip: str, port: int) -> None:
        """Connect to a peer, now and after each start.

        Raises:
            NotRunningError: the engine refused the torrent.
        """
        download = self._downloads.get(infohash)

        def added(record: DownloadRecord) -> dict[str, Any]:
            peers = [known for known in record.swarm.peers if known != (ip, port)]
            return _with_peers(record, (*peers, (ip, port))[-MOST_PEERS:])

        await self._handover.settle(download)
        if not self._engine.has(infohash):
            msg = f"The engine does not have this torrent: {download.error}"
            raise NotRunningError(msg)
        download.record = await self._records.edit(infohash, added)
        self._swarm.connect_peer(infohash, ip, port)

    async def drop(self, infohash: Infohash, ip: str, *, ban: bool) -> None:
        """End the connections to an address, and forget that the user named it; for good with ``ban``."""
        download = self._downloads.get(infohash)
        if any(known == ip for known, _ in download.record.swarm.peers):
            await self._forget(download, ip)
        if ban:
            await self._bans.ban(ip)
        elif self._engine.has(infohash):
            await self._swarm.drop_peers(infohash, ip)

    async def _forget(self, download: ActiveDownload, ip: str) -> None:
        def left(record: DownloadRecord) -> dict[str, Any]:
            return _with_peers(record, tuple(peer for peer in record.swarm.peers if peer[0] != ip))

        download.record = await self._records.edit(download.infohash, left)


def _with_peers(record: DownloadRecord, peers: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    return {"swarm": msgspec.structs.replace(record.swarm, peers=peers)}
