"""Hands downloads to the engine in the background: those that a user waits for first, stored ones in bulk."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from triblerd.errors import FailedError, OperationError, TriblerdError
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import ActiveDownload, is_stopped
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.selection import NORMAL_PRIORITY, changed_files, priorities, priority
from triblerd_libtorrent.api import (
    Infohash,
    Magnet,
    Metainfo,
    NoSessionError,
    TorrentEngine,
    TorrentSwarm,
    TorrentWish,
    TunnelAccess,
)

log = logging.getLogger(__name__)

BATCH = 100
"""More at once, and every question to the engine waits behind them."""
FEW = 8
"""So many are handed over one by one, which has the engine look for peers at once; more of them, together."""
FEW_FILES = 10
"""So many are selected one by one; the priorities of all files of a torrent may be 100,000."""
SETTLE_SECONDS = 20.0

_Batch = list[tuple[Infohash, Metainfo | Magnet | None]]


class EngineBusyError(OperationError):
    """The engine did not get to a download in time."""


class Handover:
    """The queue in front of the engine.

    A download may change while it waits or is on its way; the engine has the last word of it when this is done.
    One whose session is not there is left out until it is: what shall be anonymous never goes to another session.
    """

    def __init__(
        self, *, engine: TorrentEngine, swarm: TorrentSwarm, tunnels: TunnelAccess, downloads: DownloadSet
    ) -> None:
        self._engine = engine
        self._swarm = swarm
        self._tunnels = tunnels
        self._downloads = downloads
        self._left_out: dict[Infohash, int] = {}
        downloads.when_dropped(self._forget)
        self._urgent: dict[Infohash, Metainfo | Magnet | None] = {}
        self._waiting: dict[Infohash, Metainfo | Magnet | None] = {}
        self._settled: dict[Infohash, asyncio.Event] = {}
        self._wake = asyncio.Event()
        self._when_not_taken: list[Callable[[Infohash], None]] = []

    def when_not_taken(self, tell: Callable[[Infohash], None]) -> None:
        """Call ``tell`` with every download that the engine does not take, or not yet, from now on."""
        self._when_not_taken.append(tell)

    def ask(self, download: ActiveDownload, source: Metainfo | Magnet | None = None) -> None:
        """Have a download handed over soon.

        Args:
            download: It is in the set.
            source: Where it came from, if that is at hand; else the stores are asked.
        """
        download.refusal = ""
        self._left_out.pop(download.infohash, None)
        self._urgent[download.infohash] = source
        self._settled.setdefault(download.infohash, asyncio.Event())
        self._wake.set()

    def ask_all(self, downloads: Iterable[ActiveDownload]) -> None:
        """Have many downloads handed over when nothing is more urgent."""
        for download in downloads:
            self._left_out.pop(download.infohash, None)
            self._waiting[download.infohash] = None
            self._settled.setdefault(download.infohash, asyncio.Event())
        self._wake.set()

    def leave_out(self, download: ActiveDownload) -> None:
        """Have a download wait for its session, since the engine does not have it there (any more)."""
        hops = download.record.hops
        if hops in self._engine.sessions():  # it has come in the meantime
            self.ask(download)
            return
        self._left_out[download.infohash] = hops
        for tell in self._when_not_taken:
            tell(download.infohash)

    def missing_sessions(self) -> set[int]:
        """Return the numbers of hops whose sessions are waited for."""
        return set(self._left_out.values())

    def take_up(self, hops: int) -> None:
        """Hand over what waited for a session, which is there now."""
        waited = [infohash for infohash, wanted in self._left_out.items() if wanted == hops]
        self.ask_all(download for infohash in waited if (download := self._downloads.find(infohash)) is not None)

    def hold(self, downloads: Iterable[ActiveDownload]) -> None:
        """Note that these will be asked for as soon as something else is done."""
        for download in downloads:
            self._settled.setdefault(download.infohash, asyncio.Event())

    async def settle(self, download: ActiveDownload) -> None:
        """Wait until the engine has taken or refused a download that was asked for; else return at once.

        Raises:
            EngineBusyError: that takes too long.
        """
        settled = self._settled.get(download.infohash)
        if settled is None:
            return
        if download.infohash in self._waiting:
            del self._waiting[download.infohash]
            self._urgent[download.infohash] = None
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await settled.wait()
        except TimeoutError as error:
            msg = "The engine is busy with other downloads"
            raise EngineBusyError(msg) from error

    async def work(self) -> None:
        """Hand over what waits, for ever."""
        while True:
            await self._wake.wait()
            queue = self._urgent or self._waiting
            batch = list(islice(queue.items(), BATCH))
            for infohash, _ in batch:
                del queue[infohash]
            if not batch:
                self._wake.clear()
            elif queue is self._urgent and len(batch) <= FEW:
                await self._hand_over_each(batch)
            else:
                await self._hand_over_together(batch)

    async def _hand_over_each(self, batch: _Batch) -> None:
        async with asyncio.TaskGroup() as group:
            for infohash, source in batch:
                group.create_task(self._hand_over_one(infohash, source))

    async def _hand_over_one(self, infohash: Infohash, source: Metainfo | Magnet | None) -> None:
        download = self._downloads.find(infohash)
        if download is None or self._engine.has(infohash):
            self._settle(infohash)
            return
        record = download.record
        try:
            await self._engine.add(self._wish(download, source))
        except Exception as error:  # noqa: BLE001 - a border: one torrent must not end the work for all others
            self._took(download, record, error)
        else:
            self._took(download, record, None)

    async def _hand_over_together(self, batch: _Batch) -> None:
        found: list[tuple[ActiveDownload, DownloadRecord]] = []
        wishes: list[TorrentWish] = []
        for infohash, source in batch:
            download = self._downloads.find(infohash)
            if download is None or self._engine.has(infohash):
                self._settle(infohash)
                continue
            try:
                wishes.append(self._wish(download, source))
            except FailedError as error:
                self._took(download, download.record, error)
            else:
                found.append((download, download.record))
        refused: Mapping[Infohash, Exception]
        try:
            refused = await self._engine.add_many(wishes)
        except Exception as error:  # noqa: BLE001 - a border, as above
            refused = {wish.infohash: error for wish in wishes}
        for download, record in found:
            self._took(download, record, refused.get(download.infohash))

    def _wish(self, download: ActiveDownload, source: Metainfo | Magnet | None) -> TorrentWish:
        if source is None and download.record.magnet:
            source = self._engine.parse_magnet(download.record.magnet)
        return download.wish(source)

    def _took(self, download: ActiveDownload, record: DownloadRecord, error: Exception | None) -> None:
        if isinstance(error, NoSessionError) and download.record.hops:
            if self._downloads.find(download.infohash) is download:
                self.leave_out(download)
                self._tunnels.want(download.record.hops)
        elif error is not None:
            unforeseen = None if isinstance(error, TriblerdError) else error
            log.warning("The engine refused %s: %s", download.infohash, error, exc_info=unforeseen)
            download.refusal = str(error) or type(error).__name__
            for tell in self._when_not_taken:
                tell(download.infohash)
        elif self._engine.has(download.infohash):
            download.is_verified = download.is_doubtful = False
            download.status = self._engine.status(download.infohash) or download.status
            apply(self._engine, download, record)
            _apply_swarm(self._swarm, download, record)
        self._downloads.touch(download.infohash)
        self._settle(download.infohash)

    def _forget(self, infohash: Infohash) -> None:
        self._left_out.pop(infohash, None)

    def _settle(self, infohash: Infohash) -> None:
        if infohash not in self._urgent and (settled := self._settled.pop(infohash, None)) is not None:
            settled.set()


def apply(engine: TorrentEngine, download: ActiveDownload, before: DownloadRecord) -> None:
    """Tell the engine, which has the torrent, what is wanted otherwise than ``before``."""
    infohash, now = download.infohash, download.record
    if now is before:
        return
    if now.selection != before.selection and now.file_count and not download.is_streamed:
        _apply_selection(engine, infohash, now, before)
    if (now.upload_limit, now.download_limit) != (before.upload_limit, before.download_limit):
        engine.set_limits(infohash, upload=now.upload_limit, download=now.download_limit)
    if (is_stopped(now), now.auto_managed) != (is_stopped(before), before.auto_managed):
        if is_stopped(now):
            engine.pause(infohash)
        else:
            engine.resume(infohash, auto_managed=now.auto_managed)


def _apply_swarm(swarm: TorrentSwarm, download: ActiveDownload, before: DownloadRecord) -> None:
    infohash, now = download.infohash, download.record
    if now is before:
        return
    swarm.remove_trackers(infohash, _new(now.swarm.removed_trackers, before.swarm.removed_trackers))
    swarm.add_trackers(infohash, _new(now.trackers, before.trackers))
    swarm.remove_web_seeds(infohash, _new(now.swarm.removed_web_seeds, before.swarm.removed_web_seeds))
    swarm.add_web_seeds(infohash, _new(now.swarm.web_seeds, before.swarm.web_seeds))


def _new(now: Sequence[str], before: Sequence[str]) -> list[str]:
    return [one for one in now if one not in before]


def _apply_selection(engine: TorrentEngine, infohash: Infohash, now: DownloadRecord, before: DownloadRecord) -> None:
    changed = None
    if before.file_count == now.file_count:
        changed = changed_files(before.selection, now.selection, now.file_count, most=FEW_FILES)
    if changed is not None:
        engine.set_priorities(infohash, {index: priority(now.selection, index, now.levels) for index in changed})
    else:
        chosen = priorities(now.selection, now.file_count, now.levels)
        engine.set_priorities(infohash, chosen or (NORMAL_PRIORITY,) * now.file_count)
