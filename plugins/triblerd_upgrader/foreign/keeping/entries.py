"""Entries of another metadata store go into ours."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from triblerd.plugin import Services
from triblerd_metadata.api import (
    UNSIGNED,
    Added,
    EntryStatus,
    Health,
    MetadataStore,
    NewEntry,
    is_authentic,
)
from triblerd_upgrader.foreign.keeping.finding import running
from triblerd_upgrader.foreign.tribler.metadata import KIND
from triblerd_upgrader.foreign.values import Kept, NotTaken


class EntryKeeper:
    """Adds what is not in the store, and how many peers it had where that is newer than what is known.

    Args:
        services: Has the store.
    """

    kind: ClassVar[str] = KIND
    is_asked_for: ClassVar[bool] = False

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[NewEntry]) -> Kept:
        """Take entries over whose signatures are right; see ``Keeper``."""
        store = running(self._services, MetadataStore, "metadata")
        flaws = await asyncio.to_thread(lambda: [_flaw(entry, store) for entry in values])
        fit = [entry for entry, flaw in zip(values, flaws, strict=True) if not flaw]
        added = await store.add(fit)
        reports = [report for entry, one in zip(fit, added, strict=True) if (report := _newer_health(entry, one))]
        if reports:
            await store.report_health(reports)
        outcomes = Counter(one.outcome for one in added)
        refused = [(entry, flaw) for entry, flaw in zip(values, flaws, strict=True) if flaw]
        refused += [(entry, one.reason) for entry, one in zip(fit, added, strict=True) if one.outcome == "refused"]
        return Kept(added=outcomes["added"] + outcomes["replaced"], present=outcomes["kept"], not_taken=_told(refused))


def _flaw(entry: NewEntry, store: MetadataStore) -> str:
    """Return why an entry is not what its author wrote; empty when it is."""
    if entry.public_key == UNSIGNED or entry.status == EntryStatus.LEGACY:
        return ""
    if not entry.signature:
        return "it has an author and no signature"
    known = store.by_identity(entry.public_key, entry.id)
    if known is not None and known.timestamp >= entry.timestamp:  # it stays: after an interruption that is most of them
        return ""
    return "" if is_authentic(entry) else "the signature is wrong"


def _newer_health(entry: NewEntry, added: Added) -> Health | None:
    known = added.entry
    if added.outcome != "kept" or known is None or entry.checked <= known.checked:
        return None
    return Health(
        infohash=known.infohash,
        seeders=entry.seeders,
        leechers=entry.leechers,
        checked=entry.checked,
        self_checked=entry.self_checked,
    )


def _told(refused: Sequence[tuple[NewEntry, str]]) -> tuple[NotTaken, ...]:
    """Return one row for each reason: there may be millions of entries."""
    first: dict[str, NewEntry] = {}
    for entry, reason in refused:
        first.setdefault(reason, entry)
    counts = Counter(reason for _, reason in refused)
    return tuple(
        NotTaken(f"torrents ({counts[reason]}), such as {entry.title[:60]!r}", reason)
        for reason, entry in first.items()
    )
