"""Rows of status, kept from what the engine pushes: nobody asks torrent by torrent, nor while all is idle."""

import asyncio
from collections.abc import Callable, Iterable
from sys import intern

import libtorrent as lt
import msgspec

from triblerd_libtorrent.api import EngineState, Infohash, TorrentStatus
from triblerd_libtorrent.torrents import Torrent, Torrents

# Not all: lists of pieces are large, and are asked for where they are needed. The stubs lack names for the last two.
STATUS_FLAGS = (
    lt.torrent_handle.query_distributed_copies
    | lt.torrent_handle.query_accurate_download_counters
    | 64  # name
    | 128  # save path
)

_STATES = {
    lt.torrent_status.queued_for_checking: EngineState.CHECKING_QUEUED,
    lt.torrent_status.checking_files: EngineState.CHECKING,
    lt.torrent_status.downloading_metadata: EngineState.METADATA,
    lt.torrent_status.downloading: EngineState.DOWNLOADING,
    lt.torrent_status.finished: EngineState.FINISHED,
    lt.torrent_status.seeding: EngineState.SEEDING,
    lt.torrent_status.allocating: EngineState.DOWNLOADING,
    lt.torrent_status.checking_resume_data: EngineState.CHECKING_RESUME,
}

_BETWEEN_ROWS = 1.0  # seconds between two questions while something is active
_BETWEEN_FIRST_ROWS = 0.2  # the same, while somebody probably watches a download begin
_BEGINNING = 5.0  # seconds that a beginning takes
_FEW = 50  # torrents that may be asked for that often
_AFTER_AN_ADD = 0.005  # one question for all the torrents of a flock costs a fifth less for each
_AFTER_A_CHANGE = 0.05  # seconds until the question after something happened: changes come in flocks


class StatusBoard:
    """Asks one session for what changed: soon after a change, each second while anything runs, else never.

    Args:
        ask: Makes the engine push the torrents that changed since it was last asked.
        updated: Told of the changed rows, at least one at a time.
    """

    def __init__(
        self, torrents: Torrents, ask: Callable[[], None], updated: Callable[[tuple[TorrentStatus, ...]], None]
    ) -> None:
        self._torrents = torrents
        self._ask = ask
        self._updated = updated
        self._active: set[Infohash] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._begun = -_BEGINNING

    def ask_soon(self) -> None:
        """Ask in a moment, since something happened."""
        self._ask_in(_AFTER_A_CHANGE)

    def ask_now(self) -> None:
        """Ask as good as at once, since a torrent was added."""
        self._ask_in(_AFTER_AN_ADD)

    def watch_closely(self) -> None:
        """Ask more often for some seconds: a download begins."""
        self._begun = asyncio.get_running_loop().time()

    def pushed(self, alert: lt.state_update_alert) -> None:
        """Take the rows of an alert."""
        self.take(alert.status)

    def take(self, statuses: Iterable[lt.torrent_status]) -> None:
        """Take rows, and ask again later while anything runs."""
        rows = []
        for status in statuses:
            infohash = self._torrents.name_of(status.info_hashes)
            torrent = self._torrents.find(infohash)
            if torrent is not None:
                row = _row(torrent, status)
                torrent.row = row = row if torrent.is_accepted else _before_its_metadata(row, torrent.row)
                torrent.is_unsaved = row.needs_resume_data
                rows.append(row)
                if row.is_paused and not row.is_moving:
                    self._active.discard(infohash)
                else:
                    self._active.add(infohash)
        if rows:
            self._updated(tuple(rows))
        if self._active:
            is_beginning = asyncio.get_running_loop().time() < self._begun + _BEGINNING
            self._ask_in(_BETWEEN_FIRST_ROWS if is_beginning and len(self._active) <= _FEW else _BETWEEN_ROWS)

    def forget(self, infohash: Infohash) -> None:
        """Forget a torrent that went. Those behind it in the queue move up, of which no alert tells."""
        self._active.discard(infohash)
        self._ask_in(_BETWEEN_ROWS)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _ask_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._stopped or (self._timer is not None and self._timer.when() <= loop.time() + seconds):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._ask()


def _before_its_metadata(row: TorrentStatus, before: TorrentStatus | None) -> TorrentStatus:
    """Return a row without what comes of it that nothing is wanted of files that were not accepted yet."""
    if not row.has_metadata:
        return row
    return msgspec.structs.replace(
        row,
        state=EngineState.METADATA,
        has_metadata=False,
        is_finished=False,
        is_seeding=False,
        progress=0.0,
        completed_time=0,
        queue_position=row.queue_position if before is None else before.queue_position,
    )


def _row(torrent: Torrent, status: lt.torrent_status) -> TorrentStatus:
    if torrent.disk_error and not status.upload_mode:
        torrent.disk_error = ""  # it tried again, and could write
    if not status.paused:
        torrent.is_starting = False
    last_download, last_upload = status.last_download, status.last_upload
    return TorrentStatus(
        infohash=torrent.infohash,
        state=_STATES[status.state],
        is_paused=status.paused and not (torrent.starts_when_checked or torrent.is_starting),
        is_auto_managed=status.auto_managed,
        has_metadata=status.has_metadata,
        is_finished=status.is_finished,
        is_seeding=status.is_seeding,
        is_moving=status.moving_storage,
        progress=status.progress,
        download_rate=status.download_rate,
        upload_rate=status.upload_rate,
        download_payload_rate=status.download_payload_rate,
        upload_payload_rate=status.upload_payload_rate,
        total_download=status.total_download,
        total_upload=status.total_upload,
        total_payload_download=status.total_payload_download,
        total_payload_upload=status.total_payload_upload,
        all_time_download=status.all_time_download,
        all_time_upload=status.all_time_upload,
        total_done=status.total_done,
        total_wanted=status.total_wanted,
        total_wanted_done=status.total_wanted_done,
        num_pieces=status.num_pieces,
        num_peers=status.num_peers,
        num_seeds=status.num_seeds,
        list_peers=status.list_peers,
        list_seeds=status.list_seeds,
        distributed_copies=status.distributed_copies,
        queue_position=status.queue_position,
        added_time=status.added_time,
        completed_time=status.completed_time,
        last_download=int(last_download.timestamp()) if last_download else 0,
        last_upload=int(last_upload.timestamp()) if last_upload else 0,
        seeding_duration=int(status.seeding_duration.total_seconds()),
        active_duration=int(status.active_duration.total_seconds()),
        save_path=intern(status.save_path),
        name=status.name,
        needs_resume_data=bool(status.need_save_resume_data),
        # No file follows for an error without one.
        error=status.error.removesuffix(": ") or torrent.refusal or torrent.disk_error,
    )
