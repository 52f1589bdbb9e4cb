"""Which of two counts of a torrent's peers is believed."""

from triblerd_metadata.cleaning import is_possible
from triblerd_metadata.values import Health, NewEntry

FRESH_SECONDS = 4 * 3600
"""For so long an own check stands against whatever peers say."""
SAME_TIME_SECONDS = 60
"""Checks that are no further apart count as of the same time."""


def replaces(new: Health, old: Health, now: int) -> bool:
    """Return whether a report takes the place of what is known.

    Own checks win over hearsay while fresh. Of two reports of about the same time the one with more peers wins.

    Args:
        new: The report.
        old: What is known.
        now: Unix time.
    """
    if not is_possible(new.seeders, new.leechers, new.checked, now):
        return False
    has_more = (new.seeders, new.leechers) > (old.seeders, old.leechers)
    if new.self_checked:
        return not old.self_checked or new.checked - old.checked > SAME_TIME_SECONDS or has_more
    if old.checked - new.checked > SAME_TIME_SECONDS:
        return False
    if old.self_checked and now - old.checked <= FRESH_SECONDS:
        return False
    return new.checked - old.checked > FRESH_SECONDS or has_more


def health_of(entry: NewEntry) -> Health:
    """Return what is known of an entry's torrent."""
    return Health(
        infohash=entry.infohash,
        seeders=entry.seeders,
        leechers=entry.leechers,
        checked=entry.checked,
        self_checked=entry.self_checked,
    )
