"""What becomes of new entries."""

from collections.abc import Iterable

import msgspec

from triblerd_metadata.api import Added
from triblerd_metadata.batch import Batch
from triblerd_metadata.cleaning import UnfitError, clean
from triblerd_metadata.health_rules import health_of, replaces
from triblerd_metadata.preparing import Derived, PreparedEntry, TitleWords
from triblerd_metadata.values import UNSIGNED, Health, NewEntry


def add(batch: Batch, entries: Iterable[NewEntry], now: int) -> list[Added]:
    """Add entries to a batch; one outcome for each, in order.

    Args:
        batch: Where they go.
        entries: As they came.
        now: Unix time.
    """
    return [_add(batch, entry, now) for entry in entries]


def add_prepared(batch: Batch, entries: Iterable[PreparedEntry], words: TitleWords, now: int) -> list[Added]:
    """Add entries of which all is known; those whose author nobody can check any more replace nothing.

    Args:
        batch: Where they go.
        entries: See ``preparing``.
        words: Of those that have a place in it.
        now: Unix time.
    """
    batch.share(words)
    return [_known_instead(batch, each.entry) or _add_clean(batch, each.entry, each.derived, now) for each in entries]


def _known_instead(batch: Batch, entry: NewEntry) -> Added | None:
    if entry.public_key == UNSIGNED or entry.signature:
        return None
    known = batch.by_identity(entry.public_key, entry.id)
    return Added(known, "kept") if known is not None else None


def _add(batch: Batch, entry: NewEntry, now: int) -> Added:
    try:
        return _add_clean(batch, clean(entry, now), None, now)
    except UnfitError as error:
        return Added(None, "refused", str(error))


def _add_clean(batch: Batch, entry: NewEntry, derived: Derived | None, now: int) -> Added:
    if entry.public_key == UNSIGNED:
        return _add_unsigned(batch, entry, derived)
    return _add_signed(batch, entry, derived, now)


def _add_unsigned(batch: Batch, entry: NewEntry, derived: Derived | None) -> Added:
    if batch.is_unclaimed(entry.id):  # nearly always
        return Added(batch.insert(entry, derived), "added")
    if known := batch.by_infohash(entry.infohash):
        return Added(known[0], "kept")
    if batch.by_identity(UNSIGNED, entry.id) is not None:
        return Added(None, "refused", "another torrent has this id")
    return Added(batch.insert(entry, derived), "added")


def _add_signed(batch: Batch, entry: NewEntry, derived: Derived | None, now: int) -> Added:
    old = batch.by_identity(entry.public_key, entry.id)
    if old is not None and entry.timestamp <= old.timestamp:
        return Added(old, "kept")
    if entry.infohash:  # whoever wrote the record, the torrent is the same
        for other in batch.by_infohash(entry.infohash):
            entry = _with_better_health(entry, health_of(other), now)
    if old is None:
        return Added(batch.insert(entry, derived), "added")
    return Added(batch.replace(old, entry, derived), "replaced")


def _with_better_health(entry: NewEntry, known: Health, now: int) -> NewEntry:
    if replaces(health_of(entry), known, now):
        return entry
    return msgspec.structs.replace(
        entry,
        seeders=known.seeders,
        leechers=known.leechers,
        checked=known.checked,
        self_checked=known.self_checked,
    )
