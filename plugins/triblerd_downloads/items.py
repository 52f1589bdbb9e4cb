"""A download as the unprefixed API lists it."""

from typing import Any

from msgspec import UNSET

from triblerd.http.endpoint import encode_json
from triblerd.plugin import Services
from triblerd_downloads.api import TorrentTitles
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.figures import availability, seconds_left
from triblerd_downloads.limits import share_ratio
from triblerd_downloads.rates import MOST_RATE
from triblerd_downloads.schemas import DownloadItem
from triblerd_downloads.states import TRANSFERRING
from triblerd_downloads.swarm.schemas import TrackerItem
from triblerd_downloads.swarm.shown import ShownTrackers
from triblerd_downloads.vod import VodStatus
from triblerd_libtorrent.api import TorrentEngine


class Items:
    """Encodes downloads.

    Args:
        services: Finds who knows titles of torrents, if anybody does.
    """

    def __init__(self, *, services: Services, engine: TorrentEngine, trackers: ShownTrackers) -> None:
        self._services = services
        self._engine = engine
        self._trackers = trackers

    def encode(self, download: ActiveDownload) -> bytes:
        """Return the JSON object of a download."""
        return encode_json(self._item(download, availability(download.status)))

    def encode_whole(self, download: ActiveDownload) -> bytes:
        """Return the JSON object of a download, without a fraction where a program reads nothing but whole numbers."""
        return encode_json(self._item(download, int(availability(download.status))))

    def _title(self, download: ActiveDownload) -> str:
        titles = self._services.find(TorrentTitles)
        return titles.title(download.infohash) if titles else ""

    def _item(self, download: ActiveDownload, copies: float) -> DownloadItem:
        record, status, state = download.record, download.status, download.state
        active = status if status is not None and state in TRANSFERRING else None
        upload_limit, download_limit = self._engine.session_rate_limits()
        return DownloadItem(
            name=self._title(download) or record.name or (status.name if status else "") or "Unknown name",
            progress=status.progress if status else record.progress,
            infohash=str(download.infohash),
            speed_down=active.download_payload_rate if active else 0,
            speed_up=active.upload_payload_rate if active else 0,
            status=state.name,
            status_code=state.value,
            size=record.size,
            eta=seconds_left(record.size, status),
            num_peers=max(active.list_peers - active.list_seeds, 0) if active else 0,
            num_seeds=active.list_seeds if active else 0,
            num_connected_peers=max(status.num_peers - status.num_seeds, 0) if status else 0,
            num_connected_seeds=status.num_seeds if status else 0,
            total_up=status.total_upload if status else 0,
            total_down=status.total_download if status else 0,
            ratio=_ratio(download),
            trackers=[
                TrackerItem(url=tracker.url, peers=max(tracker.peers, 0), status=tracker.status)
                for tracker in self._trackers.of(download)
            ],
            hops=record.hops,
            anon_download=record.hops > 0,
            safe_seeding=record.safe_seeding,
            max_upload_speed=min(upload_limit, MOST_RATE),
            max_download_speed=min(download_limit, MOST_RATE),
            destination=record.moving_to or record.destination,
            availability=copies,
            total_pieces=record.total_pieces,
            **_vod(download.vod),
            error=repr(download.error) if download.error else "",
            time_added=record.time_added,
            category=record.category,
            tags=record.tags,
            completed_dir=record.completed_dir or UNSET,
            seeding_ratio=UNSET if record.seeding_ratio is None else record.seeding_ratio,
            seeding_time=UNSET if record.seeding_time is None else record.seeding_time,
        )


def _vod(vod: VodStatus | None) -> dict[str, Any]:
    if vod is None:
        return {"vod_mode": None}
    return {
        "vod_mode": vod.is_enabled,
        "vod_prebuffering_progress": vod.prebuffering,
        "vod_prebuffering_progress_consec": vod.prebuffering_consecutive,
        "vod_header_progress": vod.header,
        "vod_footer_progress": vod.footer,
    }


def _ratio(download: ActiveDownload) -> float:
    known = download.status or download.record
    return share_ratio(known.all_time_upload, known.total_done)
