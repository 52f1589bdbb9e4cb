"""Meets peers again whose circuit went away, as soon as there is another, and looks for some when there are none."""

import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

from ipv8.messaging.anonymization.tunnel import CIRCUIT_ID_PORT, CIRCUIT_TYPE_DATA, Circuit

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
_FORGET_SECONDS = 15.0
"""Longer than a connection by uTP takes, or than it takes to fail."""
_LOOKING = frozenset({EngineState.METADATA, EngineState.DOWNLOADING})

Address = tuple[str, int]
Spawn = Callable[[str, Coroutine[object, object, None]], object]


class Reunion:
    """Remembers who was met over a circuit.

    Over a circuit that is gone nothing comes, not even that a connection is closed: the engine would wait for data for
    a minute or two, and for as long again before it meets the same peer by another circuit.

    Args:
        community: Has the circuits.
        sessions: Tells whether there are others.
        engine: Tells the states of downloads.
        peers: Tells who is connected, connects and disconnects.
        spawn: Starts background work.
    """

    def __init__(
        self,
        *,
        community: TunnelsCommunity,
        sessions: TunnelSessions,
        engine: TorrentEngine,
        peers: TorrentSwarm,
        spawn: Spawn,
    ) -> None:
        self._community = community
        self._sessions = sessions
        self._engine = engine
        self._peers = peers
        self._spawn = spawn
        self._met: dict[tuple[Infohash, Address], float] = {}
        self._missed: dict[tuple[Infohash, Address], float] = {}
        self._given_up: dict[tuple[Infohash, Address], None] = {}  # the oldest first; not to be met
        self._announced: dict[Infohash, float] = {}
        self._forgotten = 0.0

    def circuit_leaves(self, circuit: Circuit) -> None:
        """End the connections that went over it, and meet again whom there is another way to."""
        if circuit.ctype == CIRCUIT_TYPE_DATA:
            lost = set(self._community.carrier.peers_over(circuit.circuit_id))
        else:  # whoever is behind it has another number next time, and comes by itself
            lost = {(self._community.circuit_id_to_ip(circuit.circuit_id), CIRCUIT_ID_PORT)}
        if lost and self._sessions.opened():
            self._spawn("dead connections", self._replace(lost))

    def forgive(self, infohash: Infohash, address: Address) -> None:
        """Connect to a peer that the engine banned, as if it had never been met."""
        self._given_up.pop((infohash, address), None)
        self._missed[infohash, address] = time.monotonic() + _PATIENCE_SECONDS
        self._spawn("forgiven peer", self._meet(infohash, [address]))

    def give_up(self, infohash: Infohash, address: Address) -> None:
        """Do not connect to a peer any more, whatever is under way, unless it is forgiven."""
        self._given_up[infohash, address] = None
        if len(self._given_up) > _MOST:
            del self._given_up[next(iter(self._given_up))]
        self._met.pop((infohash, address), None)
        self._missed.pop((infohash, address), None)

    async def meet_again(self) -> None:
        """See who is connected, and connect to those who were lost; to be called every few seconds."""
        now = time.monotonic()
        self._met = {key: at for key, at in self._met.items() if now - at < _RECENT_SECONDS}
        for infohash, address in self._without_circuit():  # time begins to count when there is one again
            self._missed[infohash, address] = now + _PATIENCE_SECONDS
        self._missed = {key: until for key, until in self._missed.items() if until > now}
        waiting = self._missed.keys() - self._without_circuit()
        if not waiting:
            return
        present = await self._look()
        waiting -= self._given_up.keys()
        forget = now - self._forgotten >= _FORGET_SECONDS
        if forget:
            self._forgotten = now
        for infohash in {infohash for infohash, _ in waiting - present}:
            absent = [address for known, address in waiting - present if known == infohash]
            with suppress(UnknownTorrentError):
                if forget:  # or the engine holds against them for minutes what was the circuit's fault
                    await self._peers.drop_peers(infohash, *({host for host, _ in absent} - _hosts(present)))
                for address in absent:
                    self._peers.connect_peer(infohash, *address)

    def _without_circuit(self) -> set[tuple[Infohash, Address]]:
        """Return whom there is no way to at the moment."""
        reachable = {
            infohash
            for hops in self._sessions.opened()
            if self._sessions.state(hops) is TunnelState.READY
            for infohash in self._engine.torrents_of(hops)
        }
        return {key for key in self._missed if key[0] not in reachable}

    async def _replace(self, lost: set[Address]) -> None:
        await self._look()
        gone = [(infohash, address) for infohash, address in self._met if address in lost]
        for key in gone:
            del self._met[key]
        dead = [key for key in gone if key not in self._given_up]
        until = time.monotonic() + _PATIENCE_SECONDS
        again = [key for key in dead if key[1][1] != CIRCUIT_ID_PORT]
        self._missed |= dict.fromkeys(again[: _MOST - len(self._missed)], until)
        for infohash in {infohash for infohash, _ in dead}:
            await self._meet(infohash, [address for known, address in dead if known == infohash])

    async def _meet(self, infohash: Infohash, addresses: Sequence[Address]) -> None:
        """Have the engine forget peers, and connect to those that can be reached by their address."""
        wanted = [address for address in addresses if (infohash, address) not in self._given_up]
        if not wanted:
            return
        with suppress(UnknownTorrentError):
            await self._peers.drop_peers(infohash, *{host for host, _ in wanted})
            for host, port in wanted:
                if port != CIRCUIT_ID_PORT and (infohash, (host, port)) not in self._given_up:  # meanwhile
                    self._peers.connect_peer(infohash, host, port)

    async def _look(self) -> set[tuple[Infohash, Address]]:
        """Return who is connected, and remember it."""
        present: set[tuple[Infohash, Address]] = set()
        for hops in self._sessions.opened():
            for infohash, status in active_torrents(self._engine.torrents_of(hops)).items():
                if status.num_peers:
                    with suppress(UnknownTorrentError):
                        present |= {(infohash, (peer.ip, peer.port)) for peer in await self._peers.peers(infohash)}
        self._met |= dict.fromkeys(present, time.monotonic())
        return present

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


def _hosts(keys: set[tuple[Infohash, Address]]) -> set[str]:
    return {host for _, (host, _) in keys}
