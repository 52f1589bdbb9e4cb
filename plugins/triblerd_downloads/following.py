"""Follows what the engine reports, and tells others what it means for downloads."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from triblerd.errors import TriblerdError
from triblerd.events import Event
from triblerd.tasks import Tasks
from triblerd_downloads.api import DownloadState, TorrentFinished, TorrentStatusChanged, UnknownDownloadError
from triblerd_downloads.completion.noticing import Completions
from triblerd_downloads.copies import TorrentCopies
from triblerd_downloads.download import ActiveDownload, differs, learned, snapshot
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import Handover
from triblerd_downloads.hops import Hops
from triblerd_downloads.moves import Moves
from triblerd_downloads.records import Records
from triblerd_downloads.seeding import Seeding
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.swarm.sizes import SwarmSizes
from triblerd_downloads.swarm.trackers import Trackers
from triblerd_downloads.verification import Verification
from triblerd_libtorrent.api import (
    DownloadFinished,
    Infohash,
    MetadataReceived,
    StatusesUpdated,
    StorageMoved,
    StorageMoveFailed,
    TorrentEngine,
    TorrentStatus,
    TrackersChanged,
    TunnelAccess,
    UnknownTorrentError,
)

log = logging.getLogger(__name__)


class Following:
    """Keeps the downloads as the engine says.

    Args:
        publish: Tells everybody of an event.
        tasks: Runs what has to wait for the store.
    """

    def __init__(  # noqa: PLR0913 - everything that the engine's reports concern
        self,
        *,
        engine: TorrentEngine,
        downloads: DownloadSet,
        records: Records,
        moves: Moves,
        hops: Hops,
        handover: Handover,
        tunnels: TunnelAccess,
        seeding: Seeding,
        trackers: Trackers,
        completions: Completions,
        verification: Verification,
        sizes: SwarmSizes,
        copies: TorrentCopies,
        settings: DownloadSettings,
        publish: Callable[[Event], None],
        tasks: Tasks,
    ) -> None:
        self._engine = engine
        self._downloads = downloads
        self._records = records
        self._moves = moves
        self._hops = hops
        self._tunnels = tunnels
        self._seeding = seeding
        self._trackers = trackers
        self._completions = completions
        self._verification = verification
        self._sizes = sizes
        self._copies = copies
        self._settings = settings
        self._publish = publish
        self._tasks = tasks
        self._unsaved: set[Infohash] = set()
        self._finished: set[Infohash] = set()
        self._warned: set[Infohash] = set()
        downloads.when_dropped(self._warned.discard)
        handover.when_not_taken(self._not_taken)

    def listen(self) -> Callable[[], None]:
        """Begin to follow; the returned function ends it."""
        ends = [
            self._engine.listen(StatusesUpdated, self._updated),
            self._engine.listen(MetadataReceived, self._learned),
            self._engine.listen(DownloadFinished, self._has_finished),
            self._engine.listen(StorageMoved, lambda event: self._start("moved", partial(self._moved, event))),
            self._engine.listen(
                StorageMoveFailed, lambda event: self._start("moved", partial(self._moves.failed, event))
            ),
            self._engine.listen(TrackersChanged, lambda event: self._downloads.touch(event.infohash)),
            self._engine.listen(TrackersChanged, self._sizes.changed),
        ]

        def end() -> None:
            for one in ends:
                one()

        return end

    def interval(self) -> float:
        """Return the seconds between two saves."""
        return self._settings.config.checkpoint_interval

    async def save(self) -> None:
        """Write down how far downloads are, for the list after the next start."""
        unsaved, self._unsaved = self._unsaved, set()
        changes: dict[Infohash, dict[str, Any]] = {}
        for infohash in unsaved:
            download = self._downloads.find(infohash)
            if download is None:
                continue
            fields = snapshot(download.status)
            if differs(download.record, fields):
                changes[infohash] = fields
        if not changes:
            return
        for infohash, record in (await self._records.change_many(changes)).items():
            if (download := self._downloads.find(infohash)) is not None:
                download.record = record

    def _updated(self, event: StatusesUpdated) -> None:
        for status in event.statuses:
            download = self._downloads.find(status.infohash)
            if download is None:
                continue
            download.status = status
            self._unsaved.add(status.infohash)
            self._downloads.touch(status.infohash)
            if status.total_payload_download < download.received_before:  # the engine begins anew after a pause
                download.received_before = 0
            self._seeding.saw(status)
            self._tell_finish(download, status)
            self._verification.saw(status.infohash)
            if not self._verification.is_busy(status.infohash):
                self._completions.look(download)
            self.tell_state(download)

    def _not_taken(self, infohash: Infohash) -> None:
        if (download := self._downloads.find(infohash)) is not None:
            self.tell_state(download)

    def tell_state(self, download: ActiveDownload) -> None:
        """Tell others of the state of a download, if they were told of another one."""
        state = download.extended_state
        if state is download.announced:
            return
        download.announced = state
        self._publish(TorrentStatusChanged(infohash=str(download.infohash), status=state.extended_name))
        if state is DownloadState.SEEDING:
            self._start("seeding", partial(self._seeds, download))

    def tunnels_came(self) -> None:
        """Do what safe seeding asks for of downloads that began to seed while there were no tunnels."""
        for download in self._downloads.all():
            if download.record.safe_seeding and not download.record.hops and download.state is DownloadState.SEEDING:
                self._start("seeding", partial(self._seeds, download))

    async def _seeds(self, download: ActiveDownload) -> None:
        """Do what is due when a download begins to seed."""
        wanted = self._settings.defaults.number_hops
        if download.record.safe_seeding and not download.record.hops and wanted and self._tunnels.is_offered(wanted):
            await self._hops.change(download, wanted)
        elif download.record.safe_seeding and not download.record.hops and download.infohash not in self._warned:
            self._warned.add(download.infohash)
            log.warning("%s is seeded without anonymity, although safe seeding was asked for", download.infohash)
        await self._seeding.look_at(download.infohash)  # thousands begin at once when the daemon starts

    def _has_finished(self, event: DownloadFinished) -> None:
        download = self._downloads.find(event.infohash)
        if download is None:
            return
        # The row of a small torrent may still be from before its first byte: the next one tells what it received.
        self._finished.add(event.infohash)
        if self._verification.is_busy(event.infohash):  # that ends with the same event
            return
        self._verification.begin(download)
        self._start("completed", partial(self._complete, download))

    async def _complete(self, download: ActiveDownload) -> None:
        if not await self._verification.verify(download):
            return
        await self._moves.when_complete(download)
        self._completions.look(download)

    def _tell_finish(self, download: ActiveDownload, status: TorrentStatus) -> None:
        if status.infohash not in self._finished or not status.is_finished:
            return
        self._finished.discard(status.infohash)
        if status.total_payload_download > download.received_before:
            download.received_before = status.total_payload_download
            name = download.record.name or status.name
            self._publish(TorrentFinished(infohash=str(download.infohash), name=name))

    def _learned(self, event: MetadataReceived) -> None:
        download = self._downloads.find(event.infohash)
        if download is None:
            return
        fields = learned(download.record, event.metainfo)
        if download.record.only_metadata:
            self._engine.pause(event.infohash)
        self._copies.keep(event.infohash, event.metainfo.name, event.metainfo.raw)
        self._start("metadata", partial(self._learn, download, fields))

    async def _learn(self, download: ActiveDownload, fields: dict[str, Any]) -> None:
        # Shown at once: a small torrent may be complete before this is written.
        download.record = msgspec.structs.replace(download.record, **{**fields, "magnet": download.record.magnet})
        self._downloads.touch(download.infohash)
        # The magnet link, which is forgotten then, may be all that names a peer or a web seed.
        with suppress(UnknownTorrentError):  # its session has ended, which has saved the same
            await self._engine.checkpoint(download.infohash)
        download.record = await self._records.change(download.infohash, **fields)
        self._downloads.touch(download.infohash)
        self.tell_state(download)
        await self._trackers.add_public(download)
        await self._moves.follow_files(download)

    async def _moved(self, event: StorageMoved) -> None:
        await self._moves.moved(event)
        if (download := self._downloads.find(event.infohash)) is not None:
            self._completions.look(download)

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.start(name, _unless_removed(work))


async def _unless_removed(work: Callable[[], Awaitable[None]]) -> None:
    """Do work on a download that may be removed meanwhile; the engine's refusals are logged."""
    try:
        await work()
    except UnknownDownloadError:
        return
    except TriblerdError as error:
        log.warning("%s", error)
