"""When a download has seeded enough."""

from typing import Protocol

from triblerd_downloads.config import DownloadDefaults, SeedingMode
from triblerd_libtorrent.api import TorrentStatus


class ShareLimits(Protocol):
    """What has limits of its own: a download, or a category."""

    @property
    def seeding_ratio(self) -> float | None:
        """Uploaded by downloaded; ``None`` is no such limit."""

    @property
    def seeding_time(self) -> float | None:
        """Seconds of seeding; ``None`` is no such limit."""


def share_ratio(uploaded: int, verified: int) -> float:
    """Return all that was uploaded by the bytes that are there; 0 when nothing is."""
    return uploaded / verified if verified > 0 else 0.0


def has_seeded_enough(
    status: TorrentStatus, defaults: DownloadDefaults, *limits: ShareLimits, idle_seconds: float = 0.0
) -> bool:
    """Return whether a complete download is to be stopped.

    Args:
        status: What the engine said last.
        defaults: The limits for all downloads.
        limits: The nearest first. The first that limits anything takes the place of all others, and of the defaults;
            reaching one of its limits is enough.
        idle_seconds: How long ago the engine said it; it is silent while nothing happens.
    """
    if not status.is_finished or status.is_paused:
        return False
    ratio = share_ratio(status.all_time_upload, status.total_done)
    seconds = status.seeding_duration + idle_seconds
    for nearest in limits:
        if nearest.seeding_ratio is not None or nearest.seeding_time is not None:
            return (nearest.seeding_ratio is not None and ratio >= nearest.seeding_ratio) or (
                nearest.seeding_time is not None and seconds >= nearest.seeding_time
            )
    match defaults.seeding_mode:
        case SeedingMode.FOREVER:
            return False
        case SeedingMode.NEVER:
            return True
        case SeedingMode.RATIO:
            return ratio >= defaults.seeding_ratio
        case SeedingMode.TIME:
            return seconds >= defaults.seeding_time
