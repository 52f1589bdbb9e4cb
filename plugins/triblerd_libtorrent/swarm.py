"""Where the data of a torrent come from: trackers (BEP 3, BEP 15), web seeds (BEP 19) and peers."""

import asyncio
from collections.abc import Iterable, Mapping

import libtorrent as lt

from triblerd_libtorrent.api import Announce, Infohash, Peer, Tracker
from triblerd_libtorrent.bans import Bans
from triblerd_libtorrent.peers import connected_peers
from triblerd_libtorrent.received import Spawn
from triblerd_libtorrent.torrents import CIRCUIT_PORT, Torrents
from triblerd_libtorrent.trackers import announce_to, announces_of


class Swarm:
    """Implements ``TorrentSwarm`` (see ``triblerd_libtorrent.api``).

    Args:
        torrents: Those that the engine has.
        bans: Drops peers.
        spawn: Starts background work.
    """

    def __init__(self, *, torrents: Torrents, bans: Bans, spawn: Spawn) -> None:
        self._torrents = torrents
        self._bans = bans
        self._spawn = spawn

    # --- trackers -----------------------------------------------------------------------------------------------

    def trackers(self, infohash: Infohash) -> tuple[Tracker, ...]:
        """Return the trackers as last reported."""
        trackers = self._torrents.get(infohash).trackers
        return trackers.shown() if trackers else ()

    async def announces(self, infohash: Infohash) -> Mapping[str, Announce]:
        """Return when each tracker was and will be asked, by its URL."""
        return await self._torrents.ask(infohash, announces_of)

    def add_trackers(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Add announce URLs that it does not have yet."""
        torrent = self._torrents.get(infohash)
        for url, tier in torrent.tracker_list().add(urls):
            torrent.handle.add_tracker({"url": url, "tier": tier})

    def remove_trackers(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Remove announce URLs."""
        torrent = self._torrents.get(infohash)
        trackers = torrent.trackers
        if trackers is not None and [url for url in urls if trackers.remove(url)]:
            torrent.handle.replace_trackers(trackers.announce_entries())

    def force_announce(self, infohash: Infohash, url: str | None = None) -> None:
        """Announce now, to one tracker or to all."""
        handle = self._torrents.get(infohash).handle
        if url is None:
            handle.force_reannounce(0, -1, lt.torrent_handle.ignore_min_interval)
        else:
            self._spawn("announce", asyncio.to_thread(announce_to, handle, url))

    # --- others -------------------------------------------------------------------------------------------------

    def announce_to_dht(self, infohash: Infohash) -> None:
        """Announce now to the DHT."""
        self._torrents.get(infohash).handle.force_dht_announce()

    def full_hashes(self, infohash: Infohash) -> tuple[str, str]:
        """Return the v1 and the v2 hash."""
        hashes = self._torrents.get(infohash).handle.info_hashes()
        return str(hashes.v1) if hashes.has_v1() else "", str(hashes.v2) if hashes.has_v2() else ""

    # --- web seeds ----------------------------------------------------------------------------------------------

    async def web_seeds(self, infohash: Infohash) -> tuple[str, ...]:
        """Return the URLs of the web seeds."""
        return tuple(await self._torrents.ask(infohash, lt.torrent_handle.url_seeds))

    def add_web_seeds(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Add web seeds."""
        handle = self._torrents.get(infohash).handle
        for url in urls:
            handle.add_url_seed(url)

    def remove_web_seeds(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Remove web seeds."""
        handle = self._torrents.get(infohash).handle
        for url in urls:
            handle.remove_url_seed(url)

    # --- peers --------------------------------------------------------------------------------------------------

    async def peers(self, infohash: Infohash) -> tuple[Peer, ...]:
        """Return the connected peers."""
        return await self._torrents.ask(infohash, connected_peers)

    def connect_peer(self, infohash: Infohash, host: str, port: int) -> None:
        """Connect to a peer by address. One that is reached by a circuit of its own is not named to other peers."""
        torrent = self._torrents.get(infohash)
        if torrent.hops and port == CIRCUIT_PORT:
            torrent.handle.set_flags(lt.torrent_flags.disable_pex)
        torrent.handle.connect_peer((host, port))

    async def drop_peers(self, infohash: Infohash, *hosts: str) -> None:
        """End all connections to some addresses."""
        await self._bans.drop(self._torrents.get(infohash).hops, hosts)
