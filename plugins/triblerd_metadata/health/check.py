"""One check of one torrent: everybody who may know is asked at once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine

from triblerd.events import Event
from triblerd_libtorrent.api import MOST_HOPS
from triblerd_metadata.api import Checked, Health, HealthUpdated, MetadataStore
from triblerd_metadata.health.blacklist import Blacklist
from triblerd_metadata.health.own_swarm import OwnSwarm
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.values import Counted, NoAnswerError
from triblerd_metadata.health.way_out import Way, WayOut
from triblerd_metadata.tracker_urls import normalise_trackers

log = logging.getLogger(__name__)

Answer = tuple[Counted, str]
"""What somebody said, and the URL if it was a tracker."""
Question = Coroutine[object, object, Answer | None]


class HealthCheck:
    """Checks torrents of the store.

    Args:
        publish: Tells of what the store holds after it.
    """

    def __init__(  # noqa: PLR0913 - whom it asks and tells, by keyword
        self,
        *,
        store: MetadataStore,
        way_out: WayOut,
        own_swarm: OwnSwarm,
        blacklist: Blacklist,
        book: TrackerBook,
        publish: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._way_out = way_out
        self._own_swarm = own_swarm
        self._blacklist = blacklist
        self._book = book
        self._publish = publish

    def trackers(self, infohash: bytes) -> tuple[str, ...]:
        """Return the trackers of a torrent that the store knows, in their one spelling."""
        return normalise_trackers(url for entry in self._store.by_infohash(infohash) for url in entry.trackers)

    async def run(self, infohash: bytes, *, limit_seconds: float, is_wanted: bool) -> bool:
        """Ask, store and tell, each time that somebody knows of more peers than all before; return whether anybody did.

        Zeros wait for the end, since they are no news while others have not answered. That nobody answers changes
        nothing in the store: what others say of a torrent would count for less than a silence otherwise. Of a torrent
        that the store does not have nothing could be told, so nobody is asked. A download of our own knows a part of
        its swarm: never fewer than that, but alone it counts only when the store knows of fewer.

        Args:
            infohash: 20 bytes.
            limit_seconds: For each tracker.
            is_wanted: Somebody waits for it, so that dead trackers are asked, too.
        """
        known = self._known(infohash)
        if known is None:
            return False
        best: Answer | None = None
        own: Answer = self._own_swarm.counted(infohash) or Counted(0, 0), ""
        if own[0] > (known.seeders, known.leechers):
            best = own
            await self._report(infohash, best)
        questions = await self._questions(infohash, limit_seconds, is_wanted=is_wanted)
        async with asyncio.TaskGroup() as group:
            for question in asyncio.as_completed([group.create_task(question) for question in questions]):
                answer = await question
                if answer is not None and (best is None or answer[0] > best[0]):
                    best = max(answer, own)
                    if best[0] > (0, 0):
                        await self._report(infohash, best)
        if best is None or best[0] == (0, 0):
            await self._report(infohash, best)
        return best is not None

    async def _questions(self, infohash: bytes, limit_seconds: float, *, is_wanted: bool) -> list[Question]:
        patience = limit_seconds if is_wanted else 0.0
        away = self._own_swarm.hops_away(infohash)
        way = await self._way_out.open(patience_seconds=patience) if away <= MOST_HOPS else None
        if way is None or way.hops < away:
            return []
        blacklist = await asyncio.to_thread(self._blacklist.read)
        urls = [url for url in self.trackers(infohash) if url not in blacklist]
        questions: list[Question] = [
            _answer(way.scrapes.ask(url, infohash, limit_seconds=limit_seconds), url)
            for url in urls
            if is_wanted or not self._book.is_dead(url)
        ]
        return [*questions, self._ask_dht(way, infohash, has_trackers=bool(urls))]

    async def _ask_dht(self, way: Way, infohash: bytes, *, has_trackers: bool) -> Answer | None:
        answer = await _answer(self._way_out.scrape_dht(way, infohash), "")
        # Peers that meet at a tracker are not all in the DHT: that nobody is there says nothing of them.
        return None if answer is not None and answer[0] == (0, 0) and has_trackers else answer

    async def _report(self, infohash: bytes, answer: Answer | None) -> None:
        """Have the store take an answer over, and tell what it holds then; without an answer, tell what it holds."""
        if answer is not None:
            (seeders, leechers), tracker = answer
            report = Health(
                infohash=infohash,
                seeders=seeders,
                leechers=leechers,
                checked=int(time.time()),
                self_checked=True,
                tracker=tracker,
            )
            stored = (await self._store.report_health([report]))[0].stored
        else:
            stored = self._known(infohash)
        if stored is not None:
            update = Checked(
                infohash=infohash.hex(),
                num_seeders=stored.seeders,
                num_leechers=stored.leechers,
                last_tracker_check=stored.checked,
            )
            self._publish(HealthUpdated(update=update))

    def _known(self, infohash: bytes) -> Health | None:
        entries = self._store.by_infohash(infohash)
        if not entries:
            return None
        entry = entries[0]
        return Health(infohash=infohash, seeders=entry.seeders, leechers=entry.leechers, checked=entry.checked)


async def _answer(question: Awaitable[Counted], url: str) -> Answer | None:
    try:
        return await question, url
    except NoAnswerError as error:
        log.debug("%s does not say: %s", url or "The DHT", error)
        return None
