"""When alerts were lost: find out anew what they would have said."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress

import libtorrent as lt

from triblerd_libtorrent.adding import Adder
from triblerd_libtorrent.lookups import Lookups
from triblerd_libtorrent.received import MetadataKeeper, Spawn
from triblerd_libtorrent.removal import Remover
from triblerd_libtorrent.resume import Checkpoints
from triblerd_libtorrent.session import EngineSession
from triblerd_libtorrent.status import STATUS_FLAGS, StatusBoard
from triblerd_libtorrent.torrents import Torrents

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.1
_BATCH = 100


class Recovery:
    """Asks one session for everything, as often as alerts were lost, and never twice at a time."""

    def __init__(  # noqa: PLR0913 - all who wait for alerts, by keyword
        self,
        *,
        session: EngineSession,
        board: StatusBoard,
        torrents: Torrents,
        adder: Adder,
        remover: Remover,
        lookups: Lookups,
        checkpoints: Checkpoints,
        metadata: MetadataKeeper,
        spawn: Spawn,
    ) -> None:
        self._session = session
        self._board = board
        self._torrents = torrents
        self._adder = adder
        self._remover = remover
        self._lookups = lookups
        self._checkpoints = checkpoints
        self._metadata = metadata
        self._spawn = spawn
        self._is_needed = False
        self._is_running = False

    def lost(self, _: lt.alerts_dropped_alert) -> None:
        """Note that alerts were lost; nobody knows which."""
        self._is_needed = True
        if not self._is_running:
            self._is_running = True
            self._spawn("alerts", self._recover())

    async def _recover(self) -> None:
        log.warning("The engine had more to report than fits; asking for everything again")
        while self._is_needed and self._session.is_open:
            self._is_needed = False
            everything = await asyncio.to_thread(self._session.raw.get_torrents)
            handles = self._lookups.look_again(self._session.hops, everything)
            for handle in handles:
                self._adder.adopt(handle)
            self._remover.still_there(handles)
            for some in _batches(handles):  # one by one and not by alerts, which would not fit either
                self._board.take(await asyncio.to_thread(_statuses, some))
            for torrent in self._torrents:
                self._adder.start(torrent)
                self._metadata.missed(torrent)
            self._checkpoints.ask_again()
            await asyncio.sleep(_PAUSE_SECONDS)
        self._is_running = False


def _batches(handles: list[lt.torrent_handle]) -> Iterator[list[lt.torrent_handle]]:
    return (handles[first : first + _BATCH] for first in range(0, len(handles), _BATCH))


def _statuses(handles: list[lt.torrent_handle]) -> list[lt.torrent_status]:
    found = []
    for handle in handles:
        with suppress(RuntimeError):  # it was removed meanwhile
            found.append(handle.status(STATUS_FLAGS))
    return found
