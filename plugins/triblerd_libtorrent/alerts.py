"""Alerts of the engine become our events here. Every function copies what it needs and returns at once."""

from collections.abc import Callable

import libtorrent as lt

from triblerd_libtorrent.api import (
    DownloadFinished,
    EngineEvent,
    PeerBanned,
    PieceFinished,
    ResumeDataRejected,
    StorageMoved,
    StorageMoveFailed,
    TorrentChecked,
    TorrentFailed,
    TrackersChanged,
)
from triblerd_libtorrent.pump import Handler
from triblerd_libtorrent.torrents import Torrents

_DUPLICATE_TORRENT = 19  # among libtorrent's errors, which the binding does not name


class AlertTranslator:
    """Turns what one session reports about its torrents into events.

    Args:
        tell: Receives the events.
        changed: Called when a torrent's row is probably out of date.

    Attributes:
        announcing: Announces that were sent and not answered yet.
    """

    def __init__(self, torrents: Torrents, tell: Callable[[EngineEvent], None], changed: Callable[[], None]) -> None:
        self._torrents = torrents
        self._tell = tell
        self._changed = changed
        self.announcing: set[tuple[object, ...]] = set()

    def handlers(self) -> dict[type, Handler]:
        """Return the function for each type of alert."""
        return {
            lt.torrent_finished_alert: self._finished,
            lt.torrent_checked_alert: self._checked,
            lt.fastresume_rejected_alert: self._rejected,
            lt.storage_moved_alert: self._moved,
            lt.storage_moved_failed_alert: self._not_moved,
            lt.torrent_error_alert: self._failed,
            lt.file_error_alert: self._file_failed,
            lt.torrent_removed_alert: self._removed,
            lt.piece_finished_alert: self._piece_finished,
            lt.peer_ban_alert: self._banned,
            lt.tracker_announce_alert: self._announced,
            lt.tracker_reply_alert: self._tracker_replied,
            lt.tracker_error_alert: self._tracker_failed,
            lt.tracker_warning_alert: self._tracker_warned,
            lt.scrape_reply_alert: self._tracker_scraped,
            lt.state_changed_alert: self._something_changed,
            lt.torrent_paused_alert: self._something_changed,
            lt.torrent_resumed_alert: self._something_changed,
        }

    def _finished(self, alert: lt.torrent_finished_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            self._changed()
            torrent.is_finish_untold = not torrent.is_accepted
            if torrent.is_accepted:
                self._tell(DownloadFinished(torrent.infohash))

    def _checked(self, alert: lt.torrent_checked_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            self._changed()
            self._tell(TorrentChecked(torrent.infohash))

    def _rejected(self, alert: lt.fastresume_rejected_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            text = ": ".join(filter(None, (alert.file_path(), alert.error.message())))
            self._tell(ResumeDataRejected(torrent.infohash, text))

    def _moved(self, alert: lt.storage_moved_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            self._changed()
            self._tell(StorageMoved(torrent.infohash, alert.storage_path()))

    def _not_moved(self, alert: lt.storage_moved_failed_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            self._changed()
            # Where a file of that name exists already, the engine has found nothing wrong with it.
            text = alert.error.message() if alert.error.value() else "File exists"
            self._tell(StorageMoveFailed(torrent.infohash, text))

    def _failed(self, alert: lt.torrent_error_alert) -> None:
        torrent = self._torrents.of(alert.handle)
        if torrent is None or is_conflict(alert.error):  # of which another alert tells
            return
        torrent.stays_paused()
        text = alert.error.message()
        self._changed()
        if text != torrent.disk_error:  # told already, with the file
            self._tell(TorrentFailed(torrent.infohash, text))

    def _file_failed(self, alert: lt.file_error_alert) -> None:
        torrent = self._torrents.of(alert.handle)
        text = alert.error.message()
        if torrent is not None and torrent.disk_error != text:  # every block that cannot be written says so
            torrent.disk_error = text
            self._changed()
            self._tell(TorrentFailed(torrent.infohash, text))

    def conflicted(self, alert: lt.torrent_conflict_alert) -> None:
        """Tell that two downloads turned out to be the same hybrid torrent."""
        for handle in (alert.handle, alert.conflicting_torrent):
            if (torrent := self._torrents.of(handle)) is not None:
                torrent.stays_paused()
                self._tell(TorrentFailed(torrent.infohash, "Another download is the same torrent"))

    def _removed(self, alert: lt.torrent_removed_alert) -> None:
        # Nobody answers for it any more; and nobody waits for what is announced of its end.
        name = str(alert.info_hashes.get_best())
        self.announcing = {announce for announce in self.announcing if announce[0] != name}

    def _piece_finished(self, alert: lt.piece_finished_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            self._tell(PieceFinished(torrent.infohash, alert.piece_index))

    def _banned(self, alert: lt.peer_ban_alert) -> None:
        torrent = self._torrents.of(alert.handle)
        if torrent is not None and torrent.hops:
            host, port = alert.ip
            self._tell(PeerBanned(torrent.infohash, torrent.hops, host, port))

    def _announced(self, alert: lt.tracker_announce_alert) -> None:
        if alert.handle.is_valid():
            self.announcing.add(_announce(alert))

    def _tracker_replied(self, alert: lt.tracker_reply_alert) -> None:
        self.announcing.discard(_announce(alert))
        if (torrent := self._torrents.of(alert.handle)) is not None:
            torrent.tracker_list().replied(alert)
            self._tell(TrackersChanged(torrent.infohash))

    def _tracker_failed(self, alert: lt.tracker_error_alert) -> None:
        self.announcing.discard(_announce(alert))
        if (torrent := self._torrents.of(alert.handle)) is not None:
            torrent.tracker_list().failed(alert)
            self._tell(TrackersChanged(torrent.infohash))

    def _tracker_warned(self, alert: lt.tracker_warning_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            torrent.tracker_list().warned(alert)
            self._tell(TrackersChanged(torrent.infohash))

    def _tracker_scraped(self, alert: lt.scrape_reply_alert) -> None:
        if (torrent := self._torrents.of(alert.handle)) is not None:
            torrent.tracker_list().scraped(alert)
            self._tell(TrackersChanged(torrent.infohash))

    def _something_changed(self, _: lt.torrent_alert) -> None:
        self._changed()


def is_conflict(error: lt.error_code) -> bool:
    """Return whether two torrents have turned out to be one, of which ``torrent_conflict_alert`` tells, too."""
    return error.value() == _DUPLICATE_TORRENT and error.category().name() == "libtorrent"


def _announce(alert: lt.tracker_alert) -> tuple[object, ...]:
    # Announces of both generations of a hybrid torrent go out one after the other to the same tracker.
    return str(alert.handle.info_hashes().get_best()), alert.tracker_url(), alert.local_endpoint, int(alert.version)
