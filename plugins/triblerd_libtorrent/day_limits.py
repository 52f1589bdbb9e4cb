"""Rate limits that depend on the session and on the time of day."""

import time
from collections.abc import Sequence

from triblerd_libtorrent.config import LibtorrentConfig

RENEW_SECONDS = 300.0
"""How often the time is looked at."""
_SLOT_SECONDS = 1800
_MOST = 2**31 - 1
"""What the engine can hold."""


def session_limits(config: LibtorrentConfig, hops: int) -> tuple[int, int]:
    """Return the limits of a session as (upload, download), as they are now; 0 is unlimited."""
    if not config.use_advanced_rate_limits:
        return min(config.max_upload_rate, _MOST), min(config.max_download_rate, _MOST)
    day = config.advanced_rate_limits.get(str(hops))
    if day is None:
        return 0, 0
    now = time.localtime()
    return limits_at(day, now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec)


def limits_at(day: Sequence[tuple[int, int]], seconds: int) -> tuple[int, int]:
    """Return the limits at so many seconds after midnight, on a straight line between two half hours.

    What is unlimited in one of the two counts as 1 byte per second there, as clients that draw the day have it.
    """
    slot, into = divmod(seconds, _SLOT_SECONDS)
    before, after = day[slot % len(day)], day[(slot + 1) % len(day)]
    up, down = (_between(first, second, into) for first, second in zip(before, after, strict=True))
    return up, down


def _between(first: int, second: int, into: int) -> int:
    if not first and not second:
        return 0
    first, second = max(first, 1), max(second, 1)
    return round(first + (second - first) * into / _SLOT_SECONDS)
