"""What the plugin does again and again, and in which order it ends."""

import asyncio

from ipv8.messaging.anonymization.tunnel import PEER_FLAG_EXIT_BT, Circuit

from triblerd.plugin import hookimpl
from triblerd.tasks import Tasks
from triblerd_tunnels.book import Book
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.exits import ExitCache
from triblerd_tunnels.forgeries import Forgeries
from triblerd_tunnels.hidden import HiddenSwarms
from triblerd_tunnels.reunion import Reunion
from triblerd_tunnels.sessions import TunnelSessions

_TICK_SECONDS = 1.0
_FOLLOW_SECONDS = 2.0
_MEET_SECONDS = 3.0
_EXITS_SECONDS = 600.0
_EXITS_FIRST_SECONDS = 0.5


class Tunnelling:
    """Ties what watches circuits to those who have something to do when they come and go."""

    def __init__(  # noqa: PLR0913 - everything there is, by keyword
        self,
        *,
        community: TunnelsCommunity,
        book: Book,
        sessions: TunnelSessions,
        hidden: HiddenSwarms,
        reunion: Reunion,
        exits: ExitCache,
        forgeries: Forgeries,
    ) -> None:
        self._community = community
        self._book = book
        self._sessions = sessions
        self._hidden = hidden
        self._reunion = reunion
        self._exits = exits
        self._forgeries = forgeries
        book.ready = sessions.circuit_ready
        book.leaving = self._circuit_leaves
        community.observer = book

    def start(self, tasks: Tasks) -> None:
        """Begin."""
        self._forgeries.start()
        tasks.start("known exits", self._ask_exits())
        tasks.every(_TICK_SECONDS, "circuits", self._tick)
        tasks.every(_FOLLOW_SECONDS, "hidden swarms", self._follow)
        tasks.every(_MEET_SECONDS, "lost peers", self._reunion.meet_again)
        tasks.every(_EXITS_SECONDS, "exits", self._exits.keep)

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str:
        """Say how many circuits and exits there are."""
        ready, exits = len(self._community.find_circuits()), len(self._community.get_candidates(PEER_FLAG_EXIT_BT))
        joined = len(self._community.exit_sockets) + len(self._community.relay_from_to) // 2
        return f"{ready} circuits ready, {exits} exits known, part of {joined} circuits of others"

    async def close(self) -> None:
        """Close the sessions while there are circuits for their last words, and leave the hidden swarms."""
        await self._exits.keep()
        self._forgeries.close()
        await self._sessions.close()
        self._hidden.leave_all()

    def _circuit_leaves(self, circuit: Circuit) -> None:
        self._reunion.circuit_leaves(circuit)
        self._hidden.circuit_leaves(circuit)

    async def _ask_exits(self) -> None:
        await asyncio.sleep(_EXITS_FIRST_SECONDS)  # or the answers come before anybody listens
        await self._exits.ask()

    async def _tick(self) -> None:
        self._book.read_counters()
        self._sessions.tend_circuits()
        self._sessions.tell_addresses()
        self._hidden.keep_points()
        self._forgeries.tend()

    async def _follow(self) -> None:
        for hops in self._sessions.opened():
            self._hidden.follow(hops)
            self._reunion.look_for_peers(hops)
