"""What becomes of reports of how many peers a torrent has."""

from collections.abc import Iterable

import msgspec

from triblerd_metadata.api import HealthUpdate
from triblerd_metadata.batch import Batch
from triblerd_metadata.health_rules import health_of, replaces
from triblerd_metadata.tracker_urls import MOST_TRACKERS, normalise_tracker
from triblerd_metadata.values import UNSIGNED, Entry, Health


def report(batch: Batch, reports: Iterable[Health], now: int) -> list[HealthUpdate]:
    """Add reports to a batch; one update for each, in order.

    Args:
        batch: Where they go.
        reports: As they came.
        now: Unix time.
    """
    return [_report(batch, health, now) for health in reports]


def _report(batch: Batch, health: Health, now: int) -> HealthUpdate:
    entries = batch.by_infohash(health.infohash)
    if not entries:
        return HealthUpdate(None, taken=False)
    known = health_of(entries[0])  # all entries of a torrent have the same
    if not replaces(health, known, now):
        return HealthUpdate(known, taken=False)
    for entry in entries:
        batch.set_health(entry, health)
        _note_tracker(batch, entry, health.tracker)
    return HealthUpdate(health, taken=True)


def _note_tracker(batch: Batch, entry: Entry, url: str) -> None:
    # What is signed bears the tracker that its author named.
    if url and entry.public_key == UNSIGNED and len(entry.trackers) < MOST_TRACKERS:
        tracker = normalise_tracker(url)
        known = batch.entry(entry.rowid)
        if tracker and known is not None and tracker not in known.trackers:
            batch.replace(known, msgspec.structs.replace(known, trackers=(*known.trackers, tracker)))
