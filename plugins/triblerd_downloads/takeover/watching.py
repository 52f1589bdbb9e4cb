"""Sees what the engine makes of downloads that were taken over: whether their files are what was said of them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_libtorrent.api import (
    EngineState,
    Infohash,
    ResumeDataRejected,
    StatusesUpdated,
    TorrentChecked,
    TorrentEngine,
)


class Watch:
    """Follows downloads from when they are taken over until the engine has looked at their files, or cannot yet."""

    def __init__(self, *, engine: TorrentEngine, downloads: DownloadSet, handover: Handover) -> None:
        self._engine = engine
        self._open: set[Infohash] = set()
        self._rejected: dict[Infohash, str] = {}
        self._changed = asyncio.Event()
        downloads.when_dropped(self._settle)
        handover.when_not_taken(self._settle)

    def listen(self) -> Callable[[], None]:
        """Begin to follow; the returned function ends it."""
        ends = [
            self._engine.listen(ResumeDataRejected, self._was_rejected),
            self._engine.listen(TorrentChecked, lambda event: self._settle(event.infohash)),
            self._engine.listen(StatusesUpdated, self._rows_came),
        ]

        def end() -> None:
            for one in ends:
                one()

        return end

    def begin(self, infohashes: Iterable[Infohash]) -> None:
        """Follow downloads that the engine does not have yet."""
        self._open.update(infohashes)

    async def settled(self, infohashes: Sequence[Infohash]) -> Mapping[Infohash, str]:
        """Wait for downloads, and return why the files of some are not what was said of them."""
        while not self._open.isdisjoint(infohashes):
            self._changed.clear()
            await self._changed.wait()
        return {one: self._rejected.pop(one) for one in infohashes if one in self._rejected}

    def _was_rejected(self, event: ResumeDataRejected) -> None:
        if event.infohash in self._open:
            self._rejected[event.infohash] = event.error
            self._settle(event.infohash)

    def _rows_came(self, event: StatusesUpdated) -> None:
        if self._open:
            for status in event.statuses:
                if status.state is not EngineState.CHECKING_RESUME:
                    self._settle(status.infohash)

    def _settle(self, infohash: Infohash) -> None:
        if infohash in self._open:
            self._open.discard(infohash)
            self._changed.set()
