"""The routes of trackers, web seeds and peers, and of the addresses that nobody speaks to."""

from triblerd.errors import InvalidInputError, NotFoundError, OperationError
from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_downloads.connected import PeerItem
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.swarm.addresses import (
    checked_ip,
    checked_port,
    checked_tracker,
    checked_web_seed,
    named_ip,
    named_url,
)
from triblerd_downloads.swarm.peers import Peers
from triblerd_downloads.swarm.schemas import (
    Added,
    BanBody,
    Banned,
    BannedPeer,
    BannedPeerList,
    DropBody,
    Dropped,
    Forced,
    PeerBody,
    PeerList,
    RemovedOne,
    TrackerDetailsList,
    Unbanned,
    UrlBody,
    WebSeed,
    WebSeedList,
)
from triblerd_downloads.swarm.trackers import Trackers
from triblerd_downloads.swarm.web_seeds import WebSeeds
from triblerd_libtorrent.api import Infohash, PeerBans

_READING = (NotFoundError, OperationError)
_CHANGING = (InvalidInputError, NotFoundError, OperationError)


class SwarmEndpoint(Endpoint):
    """Where the data of a download come from."""

    prefix = "/downloads"

    def __init__(self, *, downloads: DownloadSet, trackers: Trackers, web_seeds: WebSeeds, peers: Peers) -> None:
        self._downloads = downloads
        self._trackers = trackers
        self._web_seeds = web_seeds
        self._peers = peers

    @route("GET", "/{infohash}/trackers", raises=_READING)
    async def trackers(self, infohash: Infohash) -> TrackerDetailsList:
        """List the trackers of a download with what they last said, then the DHT and the peer exchange."""
        return TrackerDetailsList(trackers=await self._trackers.details(infohash))

    @route("PUT", "/{infohash}/trackers", raises=_CHANGING)
    async def add_tracker(self, infohash: Infohash, body: Deferred[UrlBody]) -> Added:
        """Add a tracker and announce to it now.

        A private torrent takes one, too: it is up to you whether its own tracker tolerates that.
        """
        self._downloads.get(infohash)
        await self._trackers.add(infohash, checked_tracker(body.value().url))
        return Added()

    @route("DELETE", "/{infohash}/trackers", raises=_CHANGING)
    async def remove_tracker(self, infohash: Infohash, body: Deferred[UrlBody]) -> RemovedOne:
        """Remove a tracker for good, also one of the torrent file."""
        self._downloads.get(infohash)
        await self._trackers.remove(infohash, named_url(body.value().url))
        return RemovedOne()

    @route("PUT", "/{infohash}/tracker_force_announce", raises=_CHANGING)
    async def force_announce(self, infohash: Infohash, body: Deferred[UrlBody]) -> Forced:
        """Announce to a tracker now. A stopped download announces nothing."""
        self._downloads.get(infohash)
        self._trackers.force_announce(infohash, named_url(body.value().url))
        return Forced()

    @route("GET", "/{infohash}/web_seeds", raises=_READING)
    async def web_seeds(self, infohash: Infohash) -> WebSeedList:
        """List the web seeds of a download: servers that have its files (BEP 19)."""
        return WebSeedList(web_seeds=[WebSeed(url=url) for url in await self._web_seeds.all(infohash)])

    @route("PUT", "/{infohash}/web_seeds", raises=_CHANGING)
    async def add_web_seed(self, infohash: Infohash, body: Deferred[UrlBody]) -> Added:
        """Add a web seed and fetch from it now."""
        self._downloads.get(infohash)
        await self._web_seeds.add(infohash, checked_web_seed(body.value().url))
        return Added()

    @route("DELETE", "/{infohash}/web_seeds", raises=_CHANGING)
    async def remove_web_seed(self, infohash: Infohash, body: Deferred[UrlBody]) -> RemovedOne:
        """Remove a web seed for good, also one of the torrent file."""
        self._downloads.get(infohash)
        await self._web_seeds.remove(infohash, named_url(body.value().url))
        return RemovedOne()

    @route("GET", "/{infohash}/peers", raises=_READING)
    async def peers(self, infohash: Infohash) -> PeerList:
        """List the connected peers of a download."""
        return PeerList(peers=[PeerItem.of(peer) for peer in await self._peers.connected(infohash)])

    @route("PUT", "/{infohash}/peers", raises=_CHANGING)
    async def add_peer(self, infohash: Infohash, body: Deferred[PeerBody]) -> Added:
        """Connect to a peer now and after each start, also for a private torrent."""
        self._downloads.get(infohash)
        wanted = body.value()
        await self._peers.add(infohash, checked_ip(wanted.ip), checked_port(wanted.port))
        return Added()

    @route("DELETE", "/{infohash}/peers", raises=_CHANGING)
    async def drop_peer(self, infohash: Infohash, body: Deferred[DropBody]) -> Dropped:
        """Disconnect from an address, in this and in all other downloads of as many hops.

        Without `ban` it may come back: by itself, or when a tracker names it again.
        """
        self._downloads.get(infohash)
        wanted = body.value()
        await self._peers.drop(infohash, checked_ip(wanted.ip), ban=wanted.ban)
        return Dropped(banned=wanted.ban)


class BannedPeersEndpoint(Endpoint):
    """Addresses that no download speaks to, neither as peers nor as trackers or web seeds."""

    prefix = "/banned_peers"

    def __init__(self, *, bans: PeerBans) -> None:
        self._bans = bans

    @route("GET", "")
    async def banned_peers(self) -> BannedPeerList:
        """List all bans."""
        return BannedPeerList(
            banned_peers=[BannedPeer(ip=ip, since=since) for ip, since in self._bans.banned().items()]
        )

    @route("PUT", "", raises=(InvalidInputError,))
    async def ban_peer(self, body: BanBody) -> Banned:
        """Ban an address or a network, and drop the peers that are connected from there."""
        await self._bans.ban(named_ip(body.ip))
        return Banned()

    @route("DELETE", "", raises=(InvalidInputError,))
    async def unban_peer(self, body: BanBody) -> Unbanned:
        """Take back the ban of exactly this address or network."""
        await self._bans.unban(named_ip(body.ip))
        return Unbanned()
