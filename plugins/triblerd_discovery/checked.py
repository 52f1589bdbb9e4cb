"""Which torrents this daemon has checked itself, to be told to others."""

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator

import numpy as np

from triblerd.events import Event
from triblerd_discovery.messages import HealthItem
from triblerd_metadata.api import OWN, SELF_CHECKED, Entry, HealthUpdated, MetadataStore

MOST_TOLD = 10
"""Torrents in one message."""

_POPULAR_SECONDS = 5.0
"""How long the best of them are remembered: to find them, all are looked at."""
_MOST_KEPT = 1000
_MOST_AT_START = 240
_START_SECONDS = 4 * 3600
_DAY_SECONDS = 86400


class CheckedTorrents:
    """Remembers the latest checks, those of the last hours from the start on.

    What is told is what the store holds at that moment: alive, and checked by this daemon within a day.

    Args:
        with_own: Also torrents that came of what this daemon's user did.
        draw: Draws at random.
        now: Returns Unix time.
    """

    def __init__(
        self, *, store: MetadataStore, with_own: bool, draw: random.Random, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._with_own = with_own
        self._draw = draw
        self._now = now
        self._infohashes: OrderedDict[bytes, None] = OrderedDict()
        self._popular: tuple[float, list[HealthItem]] = (0.0, [])

    def load(self) -> None:
        """Remember the best seeded of those that the store knows to be checked a short time ago. For a thread."""
        columns = self._store.columns
        unwanted = 0 if self._with_own else OWN
        is_fresh = columns.alive & (columns.checked > max(self._now() - _START_SECONDS, 0)) & (columns.seeders > 0)
        rows = np.flatnonzero(is_fresh & (columns.flags & SELF_CHECKED != 0) & (columns.flags & unwanted == 0))
        best = rows[np.argsort(columns.seeders[rows], kind="stable")[-_MOST_AT_START:]]
        for entry in self._store.entries(best.tolist()):
            self._remember(entry.infohash)

    def heard(self, event: Event) -> None:
        """Take note of a check."""
        if isinstance(event, HealthUpdated):
            self._remember(bytes.fromhex(event.update.infohash))

    def at_random(self) -> list[HealthItem]:
        """Return up to ten of them."""
        some = self._draw.sample(list(self._infohashes), min(4 * MOST_TOLD, len(self._infohashes)))
        return [_item(entry) for entry in self._tellable(some)][:MOST_TOLD]

    def popular(self) -> list[HealthItem]:
        """Return the up to ten with the most peers, as they were a few seconds ago."""
        found_at, items = self._popular
        if not 0 <= self._now() - found_at < _POPULAR_SECONDS:
            items = self._most_popular()
            self._popular = self._now(), items
        return items

    def _most_popular(self) -> list[HealthItem]:
        entries = sorted(
            self._tellable(self._infohashes), key=lambda entry: entry.seeders + entry.leechers, reverse=True
        )
        return [_item(entry) for entry in entries[:MOST_TOLD]]

    def _tellable(self, infohashes: "list[bytes] | OrderedDict[bytes, None]") -> Iterator[Entry]:
        for infohash in list(infohashes):
            entries = self._store.by_infohash(infohash)
            if not entries or (any(entry.is_own for entry in entries) and not self._with_own):
                continue
            first = entries[0]  # all entries of a torrent have the same health
            if first.self_checked and first.seeders and self._now() - first.checked < _DAY_SECONDS:
                yield first

    def _remember(self, infohash: bytes) -> None:
        self._infohashes[infohash] = None
        self._infohashes.move_to_end(infohash)
        if len(self._infohashes) > _MOST_KEPT:
            self._infohashes.popitem(last=False)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._infohashes)


def _item(entry: Entry) -> HealthItem:
    # What is the user's own tells of no trackers, which may be known to few.
    tracker = entry.trackers[0] if entry.trackers and not entry.is_own else ""
    return HealthItem(entry.infohash, entry.seeders, entry.leechers, entry.checked, tracker)
