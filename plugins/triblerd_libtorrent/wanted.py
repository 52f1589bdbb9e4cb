"""What follows when what is wanted of a torrent's files is in force."""

from collections.abc import Callable

from triblerd_libtorrent.adding import SessionsByHops
from triblerd_libtorrent.api import DownloadFinished, EngineError, EngineEvent, QueueMove, StatusesUpdated
from triblerd_libtorrent.torrents import QUEUE_MOVES, Torrent, Torrents

_MOST_STEPS = 100
"""Whose place in the queue was further back goes to its end: the engine knows but steps, and one is its turn for."""


class WantedFiles:
    """Brings torrents of which other files are wanted, or any for the first time, to where they can be fetched.

    Args:
        connections: How many peers a torrent may be connected to now.
    """

    def __init__(
        self,
        torrents: Torrents,
        session_of: SessionsByHops,
        connections: Callable[[], int],
        tell: Callable[[EngineEvent], None],
    ) -> None:
        self._torrents = torrents
        self._session_of = session_of
        self._connections = connections
        self._tell = tell

    def in_force(self, torrent: Torrent) -> None:
        """Take a torrent for what it is from now on, and look for its peers once more."""
        try:
            session = self._session_of(torrent.hops)
        except EngineError:  # it ends
            return
        if not torrent.is_accepted:
            torrent.is_accepted = True
            session.may_leave_seeds(torrent.infohash)
            self._queue_again(torrent)
        session.meet_again()
        for connections in (self._connections() + 1, self._connections()):
            torrent.handle.set_max_connections(connections)  # a change has the torrent ask for peers

    def rows_came(self, event: StatusesUpdated) -> None:
        """Tell of torrents that were complete already when their files were accepted."""
        for row in event.statuses:
            torrent = self._torrents.find(row.infohash)
            if torrent is not None and torrent.is_finish_untold and torrent.is_accepted:
                torrent.is_finish_untold = False
                if row.is_finished:
                    self._tell(DownloadFinished(row.infohash))

    def _queue_again(self, torrent: Torrent) -> None:
        """Put it to its place: of what is finished, the engine forgets that."""
        place = -1 if torrent.row is None else torrent.row.queue_position
        if 0 <= place <= _MOST_STEPS:
            QUEUE_MOVES[QueueMove.TOP](torrent.handle)
            for _ in range(place):
                QUEUE_MOVES[QueueMove.DOWN](torrent.handle)
