"""Who forged what came over a circuit: the peer, or the exit on the way?

The engine checks what comes, and bans whom it came from. It cannot know that the exit, which alone of all hops sees the
data, may have changed them. So the peer is met again over another exit: if what it sends is right then, it was the
first exit.
"""

import logging
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain

from ipv8.messaging.anonymization.tunnel import Circuit

from triblerd_libtorrent.api import Infohash, PeerBanned, TorrentEngine
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.reunion import Address, Reunion

log = logging.getLogger(__name__)

_AVOID_SECONDS = 3600.0
_MOST_BANS = 200
_MANY_EXITS = 2
"""By so many exits a peer is not slandered."""

Key = bytes
Banned = tuple[Infohash, Address]


@dataclass
class _Ban:
    hops: int
    since: float
    exits: set[Key] = field(default_factory=set)
    is_waiting: bool = True  # for a circuit by another exit


class Forgeries:
    """Avoids exits over which wrong data came, and has peers that were banned for it met again over others.

    A peer that was banned over two exits is the one that lies: it stays banned, and nobody is avoided for its sake.
    Peers could make us avoid all exits but those of their friends, so that never more than half of those that are known
    are avoided.

    Args:
        community: Has the circuits.
        engine: Tells of bans.
        reunion: Meets peers again.
    """

    def __init__(self, *, community: TunnelsCommunity, engine: TorrentEngine, reunion: Reunion) -> None:
        self._community = community
        self._engine = engine
        self._reunion = reunion
        self._bans: dict[Banned, _Ban] = {}
        self._avoided: frozenset[Key] = frozenset()
        self._left: dict[Address, Key] = {}
        self._unlisten: Callable[[], None] = lambda: None
        community.avoids = self.avoids

    def start(self) -> None:
        """Begin to listen."""
        self._unlisten = self._engine.listen(PeerBanned, self.peer_banned)

    def close(self) -> None:
        """Listen no more."""
        self._unlisten()

    def avoids(self, exit_key: Key) -> bool:
        """Say whether other exits are taken instead of this one."""
        return exit_key in self._avoided

    def peer_banned(self, event: PeerBanned) -> None:
        """Find out who is to blame."""
        address = event.host, event.port
        self._reunion.give_up(event.infohash, address)
        exit_key = self._exit_towards(event.hops, address)
        if exit_key is None:  # nobody on the way to a hidden seeder can change anything
            return
        ban = self._bans.setdefault((event.infohash, address), _Ban(event.hops, time.monotonic()))
        ban.exits.add(exit_key)
        ban.is_waiting = len(ban.exits) < _MANY_EXITS
        log.warning(
            "What came from a peer of %s by the exit %s is forged; %s",
            event.infohash,
            exit_key.hex()[-8:],
            "the peer is met again by another one" if ban.is_waiting else "so it was by another one: the peer lies",
        )
        while len(self._bans) > _MOST_BANS:
            del self._bans[next(iter(self._bans))]
        self.tend()

    def tend(self) -> None:
        """Close circuits by exits that are avoided, and forgive peers as soon as there are others; every second."""
        now = time.monotonic()
        for banned, ban in list(self._bans.items()):
            if now - ban.since > _AVOID_SECONDS:
                del self._bans[banned]
                if ban.is_waiting:  # there was no other exit for so long: let it try again
                    self._reunion.forgive(*banned)
        suspects = chain.from_iterable(ban.exits for ban in self._bans.values() if len(ban.exits) < _MANY_EXITS)
        known = {peer.public_key.key_to_bin() for peer in self._community.all_exits()}
        self._avoided = exits_to_avoid([*suspects], known)
        leaving = [circuit for circuit in self._community.find_circuits() if self.avoids(_exit_of(circuit))]
        if leaving:
            self._left.clear()
        for circuit in leaving:
            peers = self._community.carrier.peers_over(circuit.circuit_id)
            self._left |= dict.fromkeys(peers, _exit_of(circuit))
            self._community.drop(circuit, "wrong data came by its exit")
        for banned, ban in self._bans.items():
            if ban.is_waiting and any(
                _exit_of(circuit) not in ban.exits for circuit in self._community.find_circuits(hops=ban.hops)
            ):
                ban.is_waiting = False
                self._reunion.forgive(*banned)

    def _exit_towards(self, hops: int, address: Address) -> Key | None:
        for circuit in self._community.find_circuits(hops=hops):
            if address in self._community.carrier.peers_over(circuit.circuit_id):
                return _exit_of(circuit)
        return self._left.get(address)


def exits_to_avoid(suspects: Sequence[Key], known: AbstractSet[Key]) -> frozenset[Key]:
    """Return those suspects that are avoided: the last ones, up to half of the exits that are known.

    Args:
        suspects: The public keys of exits, the last to be suspected at the end.
        known: Those of all exits that there are. Whom we do not know may be proposed by others, and is avoided, too.
    """
    latest = [key for key in dict.fromkeys(reversed(suspects)) if key in known]
    return frozenset(suspects) - frozenset(latest[len(known) // 2 :])


def _exit_of(circuit: Circuit) -> Key:
    return bytes(circuit.hops[-1].public_key_bin)
