"""Follows how the tunnels come and go, on which anonymous downloads depend."""

from collections.abc import Callable

from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.following import Following
from triblerd_downloads.handover import Handover
from triblerd_libtorrent.api import MOST_HOPS, SessionClosed, SessionOpened, TorrentEngine, TunnelAccess, TunnelState

LOOK_SECONDS = 1.0
"""Between two looks: who builds tunnels may come and go, and does not tell."""


class CircuitWatch:
    """Shows the state of anonymous downloads, and has them handed over and taken back with their sessions."""

    def __init__(
        self,
        *,
        engine: TorrentEngine,
        tunnels: TunnelAccess,
        downloads: DownloadSet,
        handover: Handover,
        following: Following,
    ) -> None:
        self._engine = engine
        self._tunnels = tunnels
        self._downloads = downloads
        self._handover = handover
        self._following = following
        self._known: dict[int, TunnelState | None] = {}

    def listen(self) -> Callable[[], None]:
        """Begin to follow the sessions; the returned function ends it."""
        ends = (self._engine.listen(SessionOpened, self._opened), self._engine.listen(SessionClosed, self._closed))

        def end() -> None:
            for one in ends:
                one()

        return end

    async def look(self) -> None:
        """Look at the tunnels, and ask for those that are waited for."""
        for hops in self._handover.missing_sessions():
            self._tunnels.want(hops)
        now = {hops: self._tunnels.state(hops) for hops in range(1, MOST_HOPS + 1)}
        changed = {hops for hops, state in now.items() if state is not self._known.get(hops)}
        have_come = any(self._known.get(hops) is None for hops in changed)
        self._known = now
        if changed:
            self._show(changed)
        if have_come:
            self._following.tunnels_came()

    def _show(self, changed: set[int]) -> None:
        for download in self._downloads.all():
            if download.record.hops in changed:
                self._downloads.touch(download.infohash)
                self._following.tell_state(download)

    def _opened(self, event: SessionOpened) -> None:
        self._handover.take_up(event.hops)

    def _closed(self, event: SessionClosed) -> None:
        for download in self._downloads.all():
            if download.record.hops == event.hops and download.status is not None:
                download.status = None
                self._downloads.touch(download.infohash)
                self._handover.leave_out(download)
