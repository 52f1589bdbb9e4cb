"""A download as the dialect lists it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET

from triblerd.http.endpoint import encode_json
from triblerd_downloads.api import Download, DownloadLists, DownloadState, EncodedRows, seconds_left
from triblerd_libtorrent.api import Infohash, TorrentStatus, Tracker
from triblerd_tribler8.downloads.schemas import ListedDownload, ListedTracker

_TRANSFERRING = frozenset({DownloadState.DOWNLOADING, DownloadState.SEEDING})


class Form(NamedTuple):
    """Whom a list is for.

    Attributes:
        sonarr_names: Two figures also have the names that Sonarr reads.
        is_strict: The reader fails on states that came with version 8.2.
    """

    sonarr_names: bool
    is_strict: bool


class EncodedForms:
    """The encoded rows of each form that somebody has asked for."""

    def __init__(self) -> None:
        self._lists: DownloadLists | None = None
        self._rows: dict[Form, EncodedRows] = {}

    async def now(self, lists: DownloadLists, form: Form) -> Mapping[Infohash, bytes]:
        """Return the rows as they are now. To be read only.

        Args:
            lists: Those of the downloads that run; others after these were started again.
            form: Whom the rows are for.
        """
        if lists is not self._lists:
            self._lists, self._rows = lists, {}
        if form not in self._rows:
            self._rows[form] = lists.rows(lambda download: encode_json(_item(download, lists, form)))
        return await self._rows[form].now()


def _item(download: Download, lists: DownloadLists, form: Form) -> ListedDownload:
    record, status, state = download.record, download.status, download.extended_state
    known = status or record
    active = status if status is not None and state in _TRANSFERRING else None
    trackers = lists.trackers(download)
    seeds, leechers = swarm_size(active, trackers)
    ratio = all_time_ratio(known.all_time_upload, known.progress * record.size)
    shown = strict_state(state, known.progress) if form.is_strict else state
    return ListedDownload(
        name=record.name or (status.name if status else "") or "Unknown name",
        progress=known.progress,
        infohash=str(download.infohash),
        speed_down=active.download_payload_rate if active else 0,
        speed_up=active.upload_payload_rate if active else 0,
        status=shown.extended_name,
        status_code=shown.value,
        size=record.size,
        eta=seconds_left(record.size, status),
        num_peers=leechers,
        num_seeds=seeds,
        num_connected_peers=max(status.num_peers - status.num_seeds, 0) if status else 0,
        num_connected_seeds=status.num_seeds if status else 0,
        all_time_upload=known.all_time_upload,
        all_time_download=known.all_time_download,
        all_time_ratio=ratio,
        last_download=known.last_download,
        last_upload=known.last_upload,
        trackers=[
            ListedTracker(
                url=tracker.url,
                peers=tracker.peers,
                seeds=tracker.seeds,
                leeches=tracker.leeches,
                status=tracker.status,
            )
            for tracker in trackers
        ],
        hops=record.hops,
        anon_download=record.hops > 0,
        safe_seeding=record.safe_seeding,
        upload_limit=record.upload_limit,
        download_limit=record.download_limit,
        seeding_ratio=lists.seeding_ratio(download),
        destination=record.moving_to or record.destination,
        completed_dir=record.completed_dir,
        total_pieces=record.total_pieces,
        error=repr(download.error) if download.error else "",
        time_added=record.time_added,
        time_finished=status.completed_time if status else record.time_finished,
        queue_position=status.queue_position if status else -1,
        auto_managed=record.auto_managed,
        user_stopped=record.user_stopped,
        streamable=record.is_streamable,
        sonarr_ratio=ratio if form.sonarr_names else UNSET,
        sonarr_added=record.time_added if form.sonarr_names else UNSET,
    )


def swarm_size(status: TorrentStatus | None, trackers: Sequence[Tracker]) -> tuple[int, int]:
    """Return seeds and leechers: those that we know of, or those of the tracker that knows of more."""
    ours = (status.list_seeds, max(status.list_peers - status.list_seeds, 0)) if status else (0, 0)
    told = [(max(tracker.seeds, 0), max(tracker.leeches, 0)) for tracker in trackers]
    return max([ours, *told], key=sum)


def all_time_ratio(uploaded: int, complete: float) -> float:
    """Return all that was ever uploaded by the bytes that are there; -1 when none are."""
    if uploaded <= 0:
        return 0.0
    return uploaded / complete if complete > 0 else -1.0


def strict_state(state: DownloadState, progress: float) -> DownloadState:
    """Return the state as a reader may know it that fails on what came later.

    Whatever is reported must not have the reader do what is too early: what moves is not imported, and what waits to be
    seeded is, but not removed.
    """
    if state is DownloadState.MOVING:
        return DownloadState.ALLOCATING_DISKSPACE
    if state is DownloadState.QUEUED:
        return DownloadState.SEEDING if progress >= 1 else DownloadState.DOWNLOADING
    return state
