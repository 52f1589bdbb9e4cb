"""Meets peers again whose circuit went away, as soon as there is another, and looks for some when there are none."""

import time
from contextlib import suppress

from ipv8.messaging.anonymization.tunnel import CIRCUIT_TYPE_DATA, Circuit

from triblerd_libtorrent.api import (
    EngineState,
    Infohash,
    TorrentEngine,
    TorrentSwarm,
    TunnelState,
    UnknownTorrentError,
)
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.sessions import TunnelSessions, active_torrents

_PATIENCE_SECONDS = 90.0
_RECENT_SECONDS = 60.0
_MOST = 200
_ANNOUNCE_SECONDS = 60.0
_LOOKING = frozenset({EngineState.METADATA, EngineState.DOWNLOADING})

Address = tuple[str, int]


class Reunion:
    """Remembers who was met over a circuit.

    Over a circuit that is gone nothing comes, not even that a connection is closed. By the time that it is given up, 20
    seconds later, the engine may have given up the connections. By itself it would wait a minute before it meets the
    same peer again, by another circuit.

    Args:
        community: Has the circuits.
        sessions: Tells whether there are others.
        engine: Tells the states of downloads.
        peers: Tells who is connected, and connects.
    """

    def __init__(
        self,
        *,
        community: TunnelsCommunity,
        sessions: TunnelSessions,
        engine: TorrentEngine,
        peers: TorrentSwarm,
    ) -> None:
        self._community = community
        self._sessions = sessions
        self._engine = engine
        self._peers = peers
        self._met: dict[tuple[Infohash, Address], float] = {}
        self._missed: dict[tuple[Infohash, Address], float] = {}
        self._announced: dict[Infohash, float] = {}

    def circuit_leaves(self, circuit: Circuit) -> None:
        """Remember who was met over it."""
        if circuit.ctype != CIRCUIT_TYPE_DATA:
            return
        lost = set(self._community.rust.get_peers_for_circuit(circuit.circuit_id))
        until = time.monotonic() + _PATIENCE_SECONDS
        for infohash, address in self._met:
            if address in lost and len(self._missed) < _MOST:
                self._missed[infohash, address] = until

    async def meet_again(self, hops: int) -> None:
        """See who is connected, and connect to those who were lost; to be called every few seconds."""
        now = time.monotonic()
        self._met = {key: at for key, at in self._met.items() if now - at < _RECENT_SECONDS}
        self._missed = {key: until for key, until in self._missed.items() if until > now}
        missed = {infohash for infohash, _ in self._missed}
        for infohash, status in active_torrents(self._engine.torrents_of(hops)).items():
            if not status.num_peers and infohash not in missed:
                continue
            with suppress(UnknownTorrentError):
                present = {(peer.ip, peer.port) for peer in await self._peers.peers(infohash)}
                self._met |= dict.fromkeys(((infohash, address) for address in present), now)
                for known, address in self._missed:
                    if known == infohash and address not in present:
                        self._peers.connect_peer(infohash, *address)

    def look_for_peers(self, hops: int) -> None:
        """Have downloads that have circuits, but no peers, announced to the DHT, each at most once a minute."""
        if self._sessions.state(hops) is not TunnelState.READY:
            return
        now = time.monotonic()
        self._announced = {known: at for known, at in self._announced.items() if now - at < _ANNOUNCE_SECONDS}
        for infohash, status in active_torrents(self._engine.torrents_of(hops)).items():
            if status.state in _LOOKING and not status.num_peers and infohash not in self._announced:
                self._announced[infohash] = now
                self._peers.announce_to_dht(infohash)
