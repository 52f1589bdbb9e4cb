"""Priorities of files, changed one after the other."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import libtorrent as lt

from triblerd_libtorrent.api import Infohash
from triblerd_libtorrent.status import STATUS_FLAGS
from triblerd_libtorrent.torrents import Priorities, Torrent, Torrents

_NORMAL = 4
_LOST_SECONDS = 10.0
"""After that the engine's answer is taken for lost."""


class FilePriorities:
    """Changes the priorities of the files of torrents.

    The engine hands every change to its disk threads, and when two are under way at once the earlier one may have the
    last word (libtorrent 2.1.1: some of 1,000 times). So a torrent's next change waits for the answer to the one
    before; what comes meanwhile becomes one change.

    Args:
        in_force: Told when the last change of a torrent is in force.
    """

    def __init__(self, torrents: Torrents, in_force: Callable[[Torrent], None]) -> None:
        self._torrents = torrents
        self._in_force = in_force
        self._waiting: dict[Infohash, list[int] | dict[int, int]] = {}
        self._limits: dict[Infohash, asyncio.TimerHandle] = {}

    def set(self, torrent: Torrent, priorities: Priorities) -> None:
        """Change priorities, 0 (not wanted) .. 7, soon."""
        if not priorities:
            return
        if torrent.wanted_later is None:
            self._order(torrent, priorities)
        else:
            torrent.wanted_later.append(priorities)

    def accept(self, torrent: Torrent, file_count: int) -> None:
        """Have what is wanted of a torrent fetched, now that its files may be written."""
        wanted, torrent.wanted_later = torrent.wanted_later, None
        if wanted is not None:
            self._order(torrent, _spelled_out(wanted, file_count))

    def _order(self, torrent: Torrent, priorities: Priorities) -> None:
        self._waiting[torrent.infohash] = _merged(self._waiting.get(torrent.infohash), priorities)
        if torrent.infohash not in self._limits:
            self._send(torrent)

    def answered(self, alert: lt.file_prio_alert) -> None:
        """Go on with what waits."""
        torrent = self._torrents.of(alert.handle)
        if torrent is not None:
            self._go_on(torrent)

    def forget(self, infohash: Infohash) -> None:
        """Drop what waits for a torrent that goes."""
        self._waiting.pop(infohash, None)
        if (limit := self._limits.pop(infohash, None)) is not None:
            limit.cancel()

    def _go_on(self, torrent: Torrent) -> None:
        if (limit := self._limits.pop(torrent.infohash, None)) is not None:
            limit.cancel()
        if torrent.infohash in self._waiting:
            self._send(torrent)
        else:  # the engine does not count this as a change of the row, unless something else comes of it
            torrent.handle.post_status(STATUS_FLAGS)
            self._in_force(torrent)

    def _send(self, torrent: Torrent) -> None:
        waiting = self._waiting.pop(torrent.infohash)
        if isinstance(waiting, dict):
            index = next(iter(waiting))
            torrent.handle.file_priority(index, waiting.pop(index))
            if waiting:
                self._waiting[torrent.infohash] = waiting
        else:
            _send_all(torrent.handle, waiting)
        loop = asyncio.get_running_loop()
        self._limits[torrent.infohash] = loop.call_later(_LOST_SECONDS, self._go_on, torrent)


def _send_all(handle: lt.torrent_handle, priorities: Priorities) -> None:
    if isinstance(priorities, Mapping):
        for index, priority in priorities.items():
            handle.file_priority(index, priority)
    else:
        handle.prioritize_files(list(priorities))


def _spelled_out(wanted: Iterable[Priorities], file_count: int) -> list[int]:
    """Return a priority for each file; when none of the files that are wanted exists, that is as good as nothing."""
    found, is_lost = [_NORMAL] * file_count, False
    for priorities in wanted:
        if isinstance(priorities, Mapping):
            for index, priority in priorities.items():
                if index < file_count:
                    found[index] = priority
        else:
            found = [*priorities[:file_count], *[0] * (file_count - len(priorities))]
            is_lost = any(priorities) and not any(found)
    return [_NORMAL] * file_count if is_lost and not any(found) else found


def _merged(before: list[int] | dict[int, int] | None, priorities: Priorities) -> list[int] | dict[int, int]:
    if not isinstance(priorities, Mapping):
        return list(priorities)
    if before is None:
        return dict(priorities)
    for index, priority in priorities.items():
        before[index] = priority
    return before
