"""One poll of a feed, and what becomes of what it says."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import msgspec

from triblerd.errors import TriblerdError
from triblerd_libtorrent.api import Magnet, MagnetError, TorrentEngine
from triblerd_rss.addresses import key_of
from triblerd_rss.entries import EntryTables, Limits, with_take
from triblerd_rss.fetching import FeedFetcher, FeedFetchError, Fetched
from triblerd_rss.looking import Looker, limited_trackers
from triblerd_rss.reading import FeedContent, Item, read_feed
from triblerd_rss.records import Entry, FeedRecord, LookUp
from triblerd_rss.rule_book import RuleBook
from triblerd_rss.rules import Rule, first_take
from triblerd_rss.settings import RssSettings
from triblerd_rss.taking import Taker

log = logging.getLogger(__name__)

_DAY = 86400.0
_LONGEST_BACKOFF = 3600.0
_MOST_DOUBLINGS = 10
_AT_A_TIME = 4
_PARSED_AT_ONCE = 50
"""Magnet links; more would keep the event loop for milliseconds."""


class Poller:
    """Polls feeds, a few at a time.

    Attributes:
        polls: How many there were.
        failed: How many of them failed.
    """

    def __init__(  # noqa: PLR0913 - all that a feed goes through, by keyword
        self,
        *,
        entries: EntryTables,
        fetcher: FeedFetcher,
        engine: TorrentEngine,
        rules: RuleBook,
        looker: Looker,
        taker: Taker,
        settings: RssSettings,
    ) -> None:
        self._entries = entries
        self._fetcher = fetcher
        self._engine = engine
        self._rules = rules
        self._looker = looker
        self._taker = taker
        self.settings = settings
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self.polls = 0
        self.failed = 0

    async def poll(self, record: FeedRecord) -> FeedRecord:
        """Ask a feed what is new, do what is to be done with it, and return how the feed is then.

        What fails is said by the record. Nothing of a poll is stored then, so that the next one finds it again.
        """
        async with self._places:
            self.polls += 1
            try:
                return await self._polled(record)
            except FeedFetchError as error:
                return self._failed(record, str(error), error.retry_after)
            except TriblerdError as error:
                return self._failed(record, str(error))
            except Exception as error:  # a border: whatever a feed says, it is polled again, and so are the others
                log.exception("A feed cannot be read")
                return self._failed(record, str(error) or type(error).__name__)

    async def _polled(self, record: FeedRecord) -> FeedRecord:
        config = self.settings.config
        found = await self._fetcher.fetch(
            record.url, etag=record.etag, modified=record.modified, seconds=config.timeout
        )
        if found.body is None:
            return self._unchanged(record)
        digest = hashlib.sha256(found.body).digest()
        if digest == record.digest:
            return self._unchanged(record)
        content = await asyncio.to_thread(read_feed, found.body, found.url, found.charset)
        return await self._record(self._succeeded(record, found, content, digest), content, is_first=not record.digest)

    async def _record(self, record: FeedRecord, content: FeedContent, *, is_first: bool) -> FeedRecord:
        magnets = await self._magnets(content)
        rules = [] if is_first else [rule for rule in self._rules.all().values() if rule.record.is_enabled]
        make = partial(_entry, record, magnets, rules)
        config = self.settings.config
        limits = Limits(config.kept_entries, config.kept_days * _DAY)
        new, _ = await self._entries.record(record, key_of(record.url), content.items, make, limits)
        self._looker.add(new)
        self._looker.polled(key_of(record.url))
        self._taker.take(new)
        return record

    async def _magnets(self, content: FeedContent) -> dict[str, Magnet]:
        """Return what the magnet links of a feed say, by entry; those that name no torrent are left out."""
        found: dict[str, Magnet] = {}
        links = [(item.name, item.magnet) for item in content.items if item.magnet]
        for start in range(0, len(links), _PARSED_AT_ONCE):
            for name, link in links[start : start + _PARSED_AT_ONCE]:
                with suppress(MagnetError):
                    found[name] = self._engine.parse_magnet(link)
            await asyncio.sleep(0)
        return found

    def _unchanged(self, record: FeedRecord) -> FeedRecord:
        self._looker.polled(key_of(record.url))
        return self._after(record, self.settings.config.interval)

    def _succeeded(self, record: FeedRecord, found: Fetched, content: FeedContent, digest: bytes) -> FeedRecord:
        record = self._after(record, self.settings.config.interval)
        title = content.title or record.title
        return msgspec.structs.replace(record, title=title, etag=found.etag, modified=found.modified, digest=digest)

    def _failed(self, record: FeedRecord, error: str, retry_after: float | None = None) -> FeedRecord:
        self.failed += 1
        failures = record.failures + 1
        if failures == 1:  # not its whole address, which may hold a password
            log.warning("The feed of %s cannot be read: %s", urlsplit(record.url).hostname, error)
        interval = self.settings.config.interval
        wait = max(interval, min(interval * 2 ** min(failures, _MOST_DOUBLINGS), _LONGEST_BACKOFF), retry_after or 0)
        after = self._after(record, wait)
        held = after.polled + int(retry_after) if retry_after else 0
        return msgspec.structs.replace(after, error=error, failures=failures, held=held)

    def _after(self, record: FeedRecord, wait: float) -> FeedRecord:
        now = int(time.time())
        return msgspec.structs.replace(record, polled=now, due=int(now + wait), held=0, error="", failures=0)


def _entry(feed: FeedRecord, magnets: Mapping[str, Magnet], rules: Iterable[Rule], item: Item, name: bytes) -> Entry:
    """Return the entry of what a feed has now, with what rules want of it."""
    magnet = magnets.get(item.name)
    infohash = str(magnet.infohash) if magnet else item.infohash
    entry = Entry(
        feed=key_of(feed.url),
        name=name,
        title=item.title or (magnet.name if magnet else ""),
        link=item.link,
        torrent=item.torrent,
        magnet=item.magnet if magnet else "",
        is_guess=item.is_guess,
        infohash=infohash,
        trackers=limited_trackers(magnet.trackers) if magnet else (),
        size=item.size,
        published=item.published,
        seen=feed.polled,
        look_up=LookUp.WAITING if item.torrent and not item.is_guess and not infohash else LookUp.NONE,
    )
    for rule in rules:
        if (take := first_take(rule, entry, feed.url, feed.polled)) is not None:
            entry = with_take(entry, take)
    return entry
