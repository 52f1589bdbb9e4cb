"""Hidden swarms: anonymous downloads of the same torrent meet without anybody's address.

A seeder keeps an introduction point, whose address is in the overlay's DHT; a downloader looks for these, and circuits
of both are linked at a rendezvous point. libtorrent sees peers whose addresses are numbers of circuits.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial

from ipv8.messaging.anonymization.tunnel import (
    CIRCUIT_STATE_CLOSING,
    CIRCUIT_TYPE_IP_SEEDER,
    CIRCUIT_TYPE_RP_DOWNLOADER,
    Circuit,
)

from triblerd_libtorrent.api import (
    EngineState,
    Infohash,
    TorrentEngine,
    TorrentStatus,
    TorrentSwarm,
    UnknownTorrentError,
)
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.sessions import is_active

log = logging.getLogger(__name__)

MOST_POINTS = 10
"""Introduction points of all swarms together."""
_RETRY_SECONDS = 5.0

Spawn = Callable[[str, Coroutine[object, object, None]], object]


def swarm_id(infohash: str) -> bytes:
    """Return by what a hidden swarm is known, 20 bytes.

    Args:
        infohash: Hex digits of the v2 hash (BEP 52) where there is one, else of the v1 hash.
    """
    return hashlib.sha1(b"tribler anonymous download" + infohash.lower().encode()).digest()  # noqa: S324 - as others do


class HiddenSwarms:
    """Joins and leaves hidden swarms as the states of anonymous downloads change.

    Args:
        community: Has the swarms.
        engine: Tells the states.
        peers: Takes the peers that are found.
        spawn: Starts background work.
    """

    def __init__(
        self, *, community: TunnelsCommunity, engine: TorrentEngine, peers: TorrentSwarm, spawn: Spawn
    ) -> None:
        self._community = community
        self._engine = engine
        self._peers = peers
        self._spawn = spawn
        self._joined: dict[Infohash, tuple[bytes, int, bool]] = {}
        self._tried: dict[bytes, float] = {}

    def follow(self, hops: int) -> None:
        """Look at the downloads of one session, and join and leave; to be called every second or so."""
        torrents = self._engine.torrents_of(hops)
        for infohash, status in torrents.items():
            self._follow(infohash, hops, status)
        for infohash in [known for known, (_, of, _) in self._joined.items() if of == hops and known not in torrents]:
            self._leave(infohash)

    def keep_points(self) -> None:
        """Have an introduction point for each swarm that is seeded, as far as the limit goes; every second or so."""
        points = {
            circuit.info_hash
            for circuit in self._community.circuits.values()
            if circuit.ctype == CIRCUIT_TYPE_IP_SEEDER and circuit.state != CIRCUIT_STATE_CLOSING
        }
        now = time.monotonic()
        for swarm, _, is_seeding in self._joined.values():
            if len(points) >= MOST_POINTS:
                return
            if is_seeding and swarm not in points and now - self._tried.get(swarm, -_RETRY_SECONDS) >= _RETRY_SECONDS:
                points.add(swarm)
                self._tried[swarm] = now
                self._spawn("introduction point", self._community.create_introduction_point(swarm))

    def circuit_leaves(self, circuit: Circuit) -> None:
        """Look for hidden seeders at once when the way to one is gone, which rendezvous points may part in use.

        pyipv8 would wait half a minute, and ask the DHT again some minutes after it has answered.
        """
        swarm = self._community.swarms.get(circuit.info_hash or b"")
        is_visit = circuit.ctype == CIRCUIT_TYPE_RP_DOWNLOADER and circuit.e2e
        if swarm is not None and is_visit and any(joined == circuit.info_hash for joined, *_ in self._joined.values()):
            swarm.last_lookup = swarm.last_dht_response = 0
            self._spawn("look for hidden seeders", self._community.do_peer_discovery())

    def leave_all(self) -> None:
        """Leave all swarms."""
        for infohash in list(self._joined):
            self._leave(infohash)

    def _follow(self, infohash: Infohash, hops: int, status: TorrentStatus | None) -> None:
        if status is None:
            return
        if not is_active(status):
            if status.is_paused or status.error:
                self._leave(infohash)
            return  # while files are checked, what was joined stays so
        is_seeding = status.state in (EngineState.FINISHED, EngineState.SEEDING)
        v1, v2 = self._peers.full_hashes(infohash)
        wanted = swarm_id(v2 or v1), hops, is_seeding
        if self._joined.get(infohash) != wanted:
            self._leave(infohash)
            self._joined[infohash] = wanted
            self._community.join_swarm(wanted[0], hops, partial(self._meet, infohash), seeding=is_seeding)
            if not is_seeding:  # pyipv8 looks every ten seconds whether somebody is to be looked for
                self._spawn("look for hidden seeders", self._community.do_peer_discovery())
            log.debug("%s the hidden swarm of %s", "Seeding to" if is_seeding else "Looking for", infohash)

    def _leave(self, infohash: Infohash) -> None:
        swarm, _, _ = self._joined.pop(infohash, (b"", 0, False))
        if swarm:
            self._tried.pop(swarm, None)
            self._community.leave_swarm(swarm)

    def _meet(self, infohash: Infohash, address: tuple[str, int]) -> None:
        try:
            self._peers.connect_peer(infohash, *address)
        except UnknownTorrentError:
            log.debug("A hidden seeder was found for %s, which is gone", infohash)
