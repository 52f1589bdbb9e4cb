"""The sessions of anonymous downloads: each begins when it is wanted, and has a SOCKS5 server and circuits."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial

from ipv8.messaging.anonymization.tunnel import PEER_FLAG_EXIT_BT, Circuit

from triblerd.errors import TriblerdError
from triblerd_libtorrent.api import (
    MOST_HOPS,
    EngineState,
    Infohash,
    SessionDiagnostics,
    SessionRegistry,
    TorrentEngine,
    TorrentStatus,
    TunnelState,
)
from triblerd_tunnels.carrier import SOCKS_HOST
from triblerd_tunnels.community import TunnelsCommunity

log = logging.getLogger(__name__)

_ACTIVE = frozenset({EngineState.METADATA, EngineState.DOWNLOADING, EngineState.FINISHED, EngineState.SEEDING})
_ASSOCIATION_SECONDS = 20.0
_POLL_SECONDS = 0.05
_MOST_ASSOCIATIONS = 10
"""What ended associations, which go on to be counted, may have circuits built for."""
_RETRY_SECONDS = 5.0

Spawn = Callable[[str, Coroutine[object, object, None]], object]


class TunnelSessions:
    """Implements ``Tunnels`` (see ``triblerd_libtorrent.api``).

    Args:
        community: Builds the circuits.
        registry: Opens and closes sessions.
        diagnostics: Tells their ports.
        engine: Tells what they have.
        spawn: Starts background work.
        least: Circuits of each number of hops in use, however little there is to do; one at least.
        most: And however much, apart from what the associations need.
        ports: Where the SOCKS5 servers listen, from the one for one hop on; what is missing, or not above 0, is chosen.

    Attributes:
        least: As in force, and so ``most``.
    """

    def __init__(  # noqa: PLR0913 - what it cannot make, by keyword
        self,
        *,
        community: TunnelsCommunity,
        registry: SessionRegistry,
        diagnostics: SessionDiagnostics,
        engine: TorrentEngine,
        spawn: Spawn,
        least: int,
        most: int,
        ports: Sequence[int],
    ) -> None:
        self._community = community
        self._registry = registry
        self._diagnostics = diagnostics
        self._engine = engine
        self._spawn = spawn
        self.least = max(least, 1)
        self.most = max(most, self.least)
        self._ports = ports
        self._wanted: set[int] = set()
        self._opened: dict[int, int] = {}
        self._circuit_came: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    # --- Tunnels --------------------------------------------------------------------------------------------------

    def hops(self) -> Sequence[int]:
        """Return the numbers of hops that can be had."""
        return range(1, MOST_HOPS + 1)

    def want(self, hops: int) -> None:
        """Begin to build circuits of that many hops and to open their session."""
        if hops not in self._wanted and hops in self.hops():
            self._wanted.add(hops)
            self.tend_circuits()
            self._spawn(f"session of {hops} hops", self._serve(hops))

    def state(self, hops: int) -> TunnelState:
        """Return how far they are."""
        if self._community.find_circuits(hops=hops):
            return TunnelState.READY
        return TunnelState.NO_CIRCUITS if self._community.get_candidates(PEER_FLAG_EXIT_BT) else TunnelState.NO_EXITS

    # --- life -----------------------------------------------------------------------------------------------------

    def opened(self) -> Sequence[int]:
        """Return the numbers of hops whose sessions take torrents."""
        return sorted(self._opened)

    def circuit_ready(self, circuit: Circuit) -> None:
        """Go on with what waited for a circuit."""
        self._circuit_came[circuit.goal_hops].set()

    def tend_circuits(self) -> None:
        """Say how many circuits are needed, and begin to build the first of a kind at once; to be called every second.

        pyipv8 looks every five seconds whether some are missing.
        """
        associations = self._associations()
        for hops in self._wanted:
            torrents = self._engine.torrents_of(hops)
            self._community.circuits_needed[hops] = circuits_needed(
                sum(map(is_active, torrents.values())),
                min(associations.get(hops, 0), _MOST_ASSOCIATIONS),
                least=self.least,
                most=self.most,
            )
        if any(not self._community.find_circuits(state=None, hops=hops) for hops in self._wanted):
            self._community.do_circuits()

    def tell_addresses(self) -> None:
        """Tell the SOCKS5 servers where each session is, for what comes before it has sent anything.

        A hidden seeder's first packet from a visitor is such. It is told again and again, since it holds for the
        associations of that moment alone.
        """
        for hops in self._opened:
            if port := self._diagnostics.udp_port(hops):
                self._community.carrier.expect(hops, (SOCKS_HOST, port))

    async def close(self) -> None:
        """Close all sessions. Their torrents wait until there are tunnels again: nothing of them goes out meanwhile."""
        self._opened.clear()
        for hops in self._wanted:
            await self._registry.close_session(hops)

    async def _serve(self, hops: int) -> None:
        while hops not in self._opened:
            try:
                port = await self._community.carrier.serve(hops, self._port(hops))
                # A session sends announces when it begins, and would say for half a minute that they failed.
                await self._until_ready(hops)
                before = self._associations().get(hops, 0)  # those of a session that was given up are still counted
                await self._registry.open_session(
                    hops, socks_host=SOCKS_HOST, socks_port=port, associated=partial(self._associated, hops, before)
                )
            except (TimeoutError, OSError, RuntimeError, TriblerdError) as error:  # the socket may be renewed just now
                log.warning("There is no session of %d hops yet: %s", hops, error or "no association")
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._opened[hops] = port
                self.tell_addresses()
                log.info("Downloads over %d hops go through SOCKS5 on port %d", hops, port)

    def _port(self, hops: int) -> int:
        return max(self._ports[hops - 1], 0) if hops <= len(self._ports) else 0

    async def _until_ready(self, hops: int) -> None:
        while self.state(hops) is not TunnelState.READY:
            self._circuit_came[hops].clear()
            await self._circuit_came[hops].wait()

    async def _associated(self, hops: int, before: int) -> None:
        async with asyncio.timeout(_ASSOCIATION_SECONDS):
            while self._associations().get(hops, 0) <= before:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(_POLL_SECONDS)

    def _associations(self) -> dict[int, int]:
        return {server.hops: server.associations for server in self._community.carrier.servers()}


def circuits_needed(active: int, associations: int, *, least: int, most: int) -> int:
    """Return how many data circuits there should be of one number of hops.

    A circuit belongs to one association for all its life, so that with as many circuits as associations one of these
    may be left without.

    Args:
        active: Downloads that do something.
        associations: UDP associations (RFC 1928) of the SOCKS5 server.
        least: However little there is to do.
        most: However many downloads there are.
    """
    return max(min(max(active, least), most), 2 * associations)


def is_active(status: TorrentStatus | None) -> bool:
    """Say whether a torrent has something to do with others."""
    return status is not None and not status.is_paused and not status.error and status.state in _ACTIVE


def active_torrents(torrents: Mapping[Infohash, TorrentStatus | None]) -> dict[Infohash, TorrentStatus]:
    """Return those torrents that have something to do with others."""
    return {infohash: status for infohash, status in torrents.items() if status is not None and is_active(status)}
