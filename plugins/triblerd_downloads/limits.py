"""When a download has seeded enough."""

from triblerd_downloads.config import DownloadDefaults, SeedingMode
from triblerd_libtorrent.api import TorrentStatus


def share_ratio(uploaded: int, verified: int) -> float:
    """Return all that was uploaded by the bytes that are there; 0 when nothing is."""
    return uploaded / verified if verified > 0 else 0.0


def has_seeded_enough(
    status: TorrentStatus, defaults: DownloadDefaults, *, own_ratio: float | None, idle_seconds: float = 0.0
) -> bool:
    """Return whether a complete download is to be stopped.

    Args:
        status: What the engine said last.
        defaults: The limits for all downloads.
        own_ratio: The download's own limit, which takes the place of the default mode.
        idle_seconds: How long ago the engine said it; it is silent while nothing happens.
    """
    if not status.is_finished or status.is_paused:
        return False
    ratio = share_ratio(status.all_time_upload, status.total_done)
    if own_ratio is not None:
        return ratio >= own_ratio
    match defaults.seeding_mode:
        case SeedingMode.FOREVER:
            return False
        case SeedingMode.NEVER:
            return True
        case SeedingMode.RATIO:
            return ratio >= defaults.seeding_ratio
        case SeedingMode.TIME:
            return status.seeding_duration + idle_seconds >= defaults.seeding_time
