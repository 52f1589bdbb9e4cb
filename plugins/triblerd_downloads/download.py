"""One download: what is wanted of it, and what the engine last said."""

from collections.abc import Callable, Mapping
from typing import Any

from triblerd_downloads.api import DownloadRecord, DownloadState
from triblerd_downloads.selection import known_selection, priorities, priorities_ahead
from triblerd_downloads.states import basic_state, extended_state, lacks_tunnels
from triblerd_downloads.vod import VodStatus
from triblerd_libtorrent.api import EngineState, Infohash, Magnet, Metainfo, TorrentStatus, TorrentWish, TunnelState

_FILMS = (".mp4", ".m4v", ".mov", ".mkv")

_TRANSFER_STATES = frozenset({EngineState.DOWNLOADING, EngineState.FINISHED, EngineState.SEEDING})
"""The states whose progress is the download's."""


class ActiveDownload:
    """A download in memory. There may be tens of thousands: nothing is kept that can be asked for.

    Implements :class:`triblerd_downloads.api.Download`.

    Attributes:
        record: As it is on disk.
        status: As the engine pushed it last; ``None`` while it does not have the torrent.
        refusal: Why the engine did not take it, or gave it up.
        trouble: What went wrong without stopping it.
        announced: The last state that others were told of.
        found_by: How many peers the DHT and the peer exchange found, when peers were last asked for.
        swarm_sizes: The seeds and leechers that trackers named, by URL; -1 stands for unknown.
        is_verified: Its files are known to be complete, until the engine has it; a later start checks them.
        is_doubtful: Its files have to be checked as soon as the engine has it.
        received_before: Payload since it was last resumed, when it was last told to be finished.
        vod: How ready a file is to be played; ``None`` when it was never streamed.
        tunnel_state: Returns how far the tunnels of a number of hops are, ``None`` when nobody builds any.
    """

    __slots__ = (
        "announced",
        "found_by",
        "infohash",
        "is_doubtful",
        "is_verified",
        "received_before",
        "record",
        "refusal",
        "status",
        "swarm_sizes",
        "trouble",
        "tunnel_state",
        "vod",
    )

    def __init__(self, infohash: Infohash, record: DownloadRecord) -> None:
        self.infohash = infohash
        self.record = record
        self.status: TorrentStatus | None = None
        self.refusal = ""
        self.trouble = ""
        self.announced = DownloadState.STOPPED
        self.found_by = (0, 0)
        self.swarm_sizes: Mapping[str, tuple[int, int]] = {}
        self.is_verified = False
        self.is_doubtful = False
        self.received_before = 0
        self.vod: VodStatus | None = None
        self.tunnel_state: Callable[[int], TunnelState | None] = _no_tunnels

    @property
    def stop_reason(self) -> str:
        """The error that stopped it, or an empty text."""
        return self.refusal or (self.status.error if self.status is not None else "")

    @property
    def error(self) -> str:
        """What went wrong; empty when nothing did."""
        return self.stop_reason or self.trouble

    @property
    def state(self) -> DownloadState:
        """The state in the words of the unprefixed API."""
        lack = self._lack if self._tunnels is not None else None  # where nobody builds any, nothing is waited for
        return lack or basic_state(self.status, self.stop_reason, has_metadata=self.has_metadata)

    @property
    def extended_state(self) -> DownloadState:
        """The state in the words of version 8."""
        if self.record.moving_to and not self.stop_reason:  # of which the engine tells only with its next report
            return DownloadState.MOVING
        return self._lack or extended_state(self.status, self.stop_reason, has_metadata=self.has_metadata)

    @property
    def _tunnels(self) -> TunnelState | None:
        return self.tunnel_state(self.record.hops) if self.record.hops else None

    @property
    def _lack(self) -> DownloadState | None:
        if not self.record.hops or self.stop_reason or is_stopped(self.record):
            return None
        return lacks_tunnels(self.status, self._tunnels)

    @property
    def has_metadata(self) -> bool:
        """Whether the files are known."""
        return self.record.file_count > 0

    @property
    def is_streamed(self) -> bool:
        """Whether the engine fetches its pieces in the order of a player, whatever is selected."""
        return self.vod is not None and self.vod.is_enabled

    def wish(self, source: Metainfo | Magnet | None) -> TorrentWish:
        """Return how it shall be handed to the engine.

        Args:
            source: ``None`` when the torrent file is in the torrent store.
        """
        record = self.record
        return TorrentWish(
            infohash=self.infohash,
            source=source,
            save_path=record.destination,
            is_paused=is_stopped(record),
            is_auto_managed=record.auto_managed and not is_stopped(record),
            priorities=(
                priorities(record.selection, record.file_count, record.levels)
                if self.has_metadata
                else priorities_ahead(record.selection)
            ),
            trackers=record.trackers,
            hops=record.hops,
            upload_limit=record.upload_limit,
            download_limit=record.download_limit,
            removed_trackers=record.swarm.removed_trackers,
            web_seeds=record.swarm.web_seeds,
            removed_web_seeds=record.swarm.removed_web_seeds,
            peers=record.swarm.peers,
            is_verified=self.is_verified,
            is_doubtful=self.is_doubtful,
        )


def _no_tunnels(_hops: int) -> TunnelState | None:
    return None


def may_receive_more(download: ActiveDownload) -> dict[str, Any]:
    """Return the fields of a record that change when a complete download may have to receive more."""
    if download.status is None or download.record.received_before is not None:
        return {}
    return {"received_before": download.status.all_time_download}


def is_stopped(record: DownloadRecord) -> bool:
    """Return whether a download is not to run."""
    return record.user_stopped or record.has_seeded_enough


def description(metainfo: Metainfo) -> dict[str, Any]:
    """Return the fields of a record that a torrent file tells."""
    return {
        "name": metainfo.name,
        "magnet": "",
        "size": metainfo.size,
        "total_pieces": metainfo.total_pieces,
        "file_count": len(metainfo.files),
        "is_private": metainfo.is_private,
        "is_streamable": any(file.path.lower().endswith(_FILMS) for file in metainfo.files),
    }


def learned(record: DownloadRecord, metainfo: Metainfo) -> dict[str, Any]:
    """Return the fields of the record of a magnet link that change when its torrent file has come."""
    fields = description(metainfo)
    fields["selection"] = known_selection(record.selection, fields["file_count"])
    if record.only_metadata:
        fields |= {"user_stopped": True, "only_metadata": False}
    return fields


def snapshot(status: TorrentStatus | None) -> dict[str, Any]:
    """Return the fields of a record that tell how far a download is; none while the engine does not tell that."""
    if status is None or status.state not in _TRANSFER_STATES:
        return {}
    return {
        "progress": status.progress,
        "total_done": status.total_done,
        "all_time_upload": status.all_time_upload,
        "all_time_download": status.all_time_download,
        "time_finished": status.completed_time,
        "last_download": status.last_download,
        "last_upload": status.last_upload,
    }


def differs(record: DownloadRecord, fields: dict[str, Any]) -> bool:
    """Return whether a record does not say the same as ``fields``."""
    return any(getattr(record, name) != value for name, value in fields.items())
