"""Checks that nobody asked for: some popular, some forgotten and some new torrents, round by round."""

import asyncio
import random
import time
from collections.abc import Iterable

from triblerd_metadata.api import MetadataStore
from triblerd_metadata.health.check import HealthCheck
from triblerd_metadata.health.checker import HealthChecker
from triblerd_metadata.health.config import TorrentCheckingConfig
from triblerd_metadata.health.selection import candidates
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.way_out import WayOut

MOST_AT_ONCE = 5
"""In a round, and of each kind to draw from."""


class Rounds:
    """Draws five torrents from the most popular, the longest forgotten and the newest ones, and checks them.

    A torrent waits for a later round while one of its trackers was asked a moment ago.

    Args:
        draw: Draws from many.
    """

    def __init__(  # noqa: PLR0913 - what it looks at, by keyword
        self,
        *,
        config: TorrentCheckingConfig,
        store: MetadataStore,
        check: HealthCheck,
        checker: HealthChecker,
        way_out: WayOut,
        book: TrackerBook,
        draw: random.Random,
    ) -> None:
        self._config = config
        self._store = store
        self._check = check
        self._checker = checker
        self._way_out = way_out
        self._book = book
        self._draw = draw

    async def look(self) -> None:
        """Check some torrents, if that tells nobody more than the user wants."""
        is_wanted = self._config.periodic_without_hops or await self._way_out.is_anonymous()
        if not (self._config.enabled and is_wanted) or await self._way_out.open() is None:
            return
        kinds = await asyncio.to_thread(candidates, self._store.columns, int(time.time()))
        union = list(dict.fromkeys([infohash for rows in kinds for infohash in await self._due(rows)]))
        await self._checker.check_all(self._draw.sample(union, min(MOST_AT_ONCE, len(union))))

    async def _due(self, rows: Iterable[int]) -> list[bytes]:
        due: list[bytes] = []
        for row in rows:
            entry = self._store.entry(row)
            if entry is not None and self._is_due(entry.infohash):
                due.append(entry.infohash)
            if len(due) == MOST_AT_ONCE:
                break
            await asyncio.sleep(0)  # there may be many that have to wait for a tracker
        return due

    def _is_due(self, infohash: bytes) -> bool:
        if not self._checker.is_due(infohash):
            return False
        trackers = self._check.trackers(infohash)
        return all(self._book.is_dead(url) or self._book.is_due(url) for url in trackers)
