"""Every download as an encoded row, made once after each change: a list is rows put side by side."""

import asyncio
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from triblerd.http.endpoint import encode_json
from triblerd.plugin import Services
from triblerd_downloads.api import TorrentTitles
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.limits import share_ratio
from triblerd_downloads.schemas import DownloadItem
from triblerd_downloads.states import TRANSFERRING
from triblerd_downloads.swarm.schemas import TrackerItem
from triblerd_downloads.vod import VodStatus
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentStatus, TorrentSwarm

_MOST_RATE = 2**31 - 1
_AT_ONCE = 50
"""Rows encoded before others have a turn: about a millisecond."""
_SLOWEST = 1e-6
"""Bytes per second that stand for none, so that the time left is very long, and a number."""


@dataclass(frozen=True)
class Snapshot:
    """The rows of one moment.

    Attributes:
        rows: Encoded, by infohash, in the order of the list.
        removed: With a revision that is known: what is gone since. ``None``: these are all rows.
        revision: Of that moment.
    """

    rows: dict[Infohash, bytes]
    removed: list[Infohash] | None
    revision: str


@dataclass(frozen=True)
class _Surroundings:
    """What all rows depend on."""

    limits: tuple[int, int]
    dht: tuple[bool, ...]


class Rows:
    """Keeps the encoded rows; encodes those that changed when somebody asks.

    Args:
        services: Finds who knows titles of torrents, if anybody does.
    """

    def __init__(
        self, *, engine: TorrentEngine, swarm: TorrentSwarm, downloads: DownloadSet, services: Services
    ) -> None:
        self._services = services
        self._engine = engine
        self._swarm = swarm
        self._downloads = downloads
        self._rows: dict[Infohash, bytes] = {}
        self._seen = 0
        self._around: _Surroundings | None = None
        self._refreshing = asyncio.Lock()

    async def all(self) -> Snapshot:
        """Return all rows."""
        async with self._refreshing:
            await self._refresh()
            return Snapshot(dict(self._rows), None, self._downloads.changes.text(self._seen))

    async def since(self, text: str) -> Snapshot:
        """Return the rows that changed after a revision; all of them when it is not known."""
        async with self._refreshing:
            await self._refresh()
            changes = self._downloads.changes
            number = changes.parse(text)
            found = None if number is None else changes.since(number)
            if found is None:
                return Snapshot(dict(self._rows), None, changes.text(self._seen))
            changed, removed = found
            rows = {infohash: self._rows[infohash] for infohash in changed if infohash in self._rows}
            return Snapshot(rows, removed, changes.text(self._seen))

    async def _refresh(self) -> None:
        """Bring the rows up to the revision ``_seen``; what changes meanwhile is for the next time."""
        self._look_around()
        changes = self._downloads.changes
        found = changes.since(self._seen)
        revision = changes.revision
        if found is None:  # more removals than the journal remembers
            self._rows.clear()
            found = [download.infohash for download in self._downloads.all()], []
        changed, removed = found
        for infohash in removed:
            self._rows.pop(infohash, None)
        # An assignment keeps a row's place; new ones go to the end, in the order of the list.
        downloads = [download for infohash in changed if (download := self._downloads.find(infohash)) is not None]
        downloads.sort(key=_order)
        for position, download in enumerate(downloads):
            self._rows[download.infohash] = encode_json(self._item(download))
            if position % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
        self._seen = revision
        for infohash in [gone for gone in removed if self._downloads.find(gone) is None]:
            self._rows.pop(infohash, None)

    def _look_around(self) -> None:
        engine = self._engine
        around = _Surroundings(
            limits=engine.session_rate_limits(), dht=tuple(engine.dht_is_running(hops) for hops in range(4))
        )
        if around != self._around:
            self._around = around
            self._downloads.touch_all()

    def _title(self, download: ActiveDownload) -> str:
        titles = self._services.find(TorrentTitles)
        return titles.title(download.infohash) if titles else ""

    def _item(self, download: ActiveDownload) -> DownloadItem:
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
            trackers=self._trackers(download),
            hops=record.hops,
            anon_download=record.hops > 0,
            safe_seeding=record.safe_seeding,
            max_upload_speed=min(upload_limit, _MOST_RATE),
            max_download_speed=min(download_limit, _MOST_RATE),
            destination=record.moving_to or record.destination,
            availability=availability(status),
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

    def _trackers(self, download: ActiveDownload) -> list[TrackerItem]:
        if not self._engine.has(download.infohash):
            return []
        uses_dht = self._engine.dht_is_running(download.record.hops) and not download.record.is_private
        trackers = [
            TrackerItem(url=tracker.url, peers=max(tracker.peers, 0), status=tracker.status)
            for tracker in self._swarm.trackers(download.infohash)
        ]
        dht, pex = download.found_by
        trackers.append(TrackerItem(url="[DHT]", peers=dht, status="Working" if uses_dht else "Disabled"))
        trackers.append(TrackerItem(url="[PeX]", peers=pex, status="Working"))
        return trackers


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


def _order(download: ActiveDownload) -> int:
    return download.record.order


def _ratio(download: ActiveDownload) -> float:
    known = download.status or download.record
    return share_ratio(known.all_time_upload, known.total_done)


def availability(status: TorrentStatus | None) -> float:
    """Return how many copies of the torrent the connected peers hold together."""
    if status is None:
        return 0.0
    # The engine counts our own pieces, too, which matters most where nobody else has parts; and it does not count
    # for a torrent that is complete.
    if status.num_peers == status.num_seeds or status.distributed_copies < 0:
        return float(status.num_seeds)
    return status.distributed_copies


def seconds_left(size: int, status: TorrentStatus | None) -> float:
    """Return how long a download of ``size`` bytes still takes at the present rate."""
    if status is None or status.progress >= 1:
        return 0.0
    rate = 0 if status.is_paused else status.download_rate  # of a paused torrent the engine says nothing new
    return (1 - status.progress) * size / max(rate, _SLOWEST)
