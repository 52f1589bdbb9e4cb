"""The feeds that are followed: when each is polled, and how the list of them changes."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec

from triblerd.errors import NotFoundError, TriblerdError
from triblerd.plugin import PluginContext, hookimpl
from triblerd.services import Configuration
from triblerd_rss.addresses import FeedId, checked_urls, key_of, problem_of
from triblerd_rss.config import RssConfig
from triblerd_rss.entries import EntryTables
from triblerd_rss.looking import Looker
from triblerd_rss.polling import Poller
from triblerd_rss.records import FeedRecord
from triblerd_rss.settings import RssSettings

_DAY = 86400.0
_STORE_SECONDS = 900
"""When a feed was polled is stored so often while nothing else changes; a restart may poll it sooner than is due."""


class UnknownFeedError(NotFoundError):
    """This feed is not followed."""

    def __init__(self) -> None:
        super().__init__("this feed is not followed")


class FollowedFeed:
    """A feed that is followed.

    Attributes:
        id: Its name in paths.
        record: How it is.
        problem: Why it is never polled: what the settings file has is no address.
    """

    def __init__(self, *, url: str, poller: Poller, entries: EntryTables) -> None:
        self._poller = poller
        self._entries = entries
        self.id = FeedId(key_of(url).hex())
        self.record = entries.feeds.get(self.id.key) or FeedRecord(url=url)
        self.problem = problem_of(url)
        self._stored = self.record.polled
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return self.record.url

    @property
    def count(self) -> int:
        """How many entries are known of it."""
        return self._entries.counts[self.id.key]

    async def run(self) -> None:
        """Poll whenever it is due, for ever."""
        while not self.problem:
            # Whatever the clock has done since it was stored.
            wait = min(self.record.due - time.time(), max(self._poller.settings.config.interval, _DAY))
            if wait <= 0:
                await self.poll()
                continue
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def end(self) -> None:
        """Poll no more; returns when no poll runs."""
        self.problem = "is not followed any more"
        async with self._lock:
            return

    async def poll(self) -> None:
        """Poll now, or wait for the poll that runs."""
        if self._lock.locked():
            async with self._lock:
                return
        async with self._lock:
            if not self.problem:
                before, self.record = self.record, await self._poller.poll(self.record)
                await self._keep(before)
        self._woken.set()

    def hasten(self) -> None:
        """Poll at once, in the background, unless its server wants to be left alone."""
        self._set_due(self.record.held)

    def retime(self) -> None:
        """Take a shorter interval."""
        if not self.record.failures:
            self._set_due(min(self.record.due, int(self.record.polled + self._poller.settings.config.interval)))

    def _set_due(self, due: int) -> None:
        self.record = msgspec.structs.replace(self.record, due=due)
        self._woken.set()

    async def _keep(self, before: FeedRecord) -> None:
        """Store how it is, where that matters and was not stored with its entries."""
        now = self.record
        was_stored = now.digest != before.digest
        is_due = now.polled - self._stored > _STORE_SECONDS
        if not was_stored and (
            is_due or (now.error, now.failures, now.held) != (before.error, before.failures, before.held)
        ):
            with suppress(TriblerdError):  # a full disk; the next poll tries again
                await self._entries.feeds.put(self.id.key, now)
                was_stored = True
        if was_stored:
            self._stored = now.polled


class FeedList:
    """Implements :class:`triblerd_rss.api.Feeds`.

    Args:
        spawn: Starts a task of the plugin.
    """

    def __init__(  # noqa: PLR0913 - all that a feed is part of, by keyword
        self,
        *,
        entries: EntryTables,
        poller: Poller,
        looker: Looker,
        settings: RssSettings,
        configuration: Configuration,
        spawn: Callable[[str, Coroutine[object, object, None]], asyncio.Task[None]],
    ) -> None:
        self._entries = entries
        self._poller = poller
        self._looker = looker
        self._settings = settings
        self._configuration = configuration
        self._spawn = spawn
        self._changing = asyncio.Lock()
        self._feeds: dict[bytes, FollowedFeed] = {}
        self._tasks: dict[bytes, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to follow; what is known of feeds that are not in the settings any more is forgotten."""
        self._apply()
        for key in [key for key in self._entries.feeds.keys() if key not in self._feeds]:  # noqa: SIM118 - a table
            self._spawn("forget", self._forget(key, None))

    def urls(self) -> tuple[str, ...]:
        """Return the addresses, as the settings have them."""
        return self._settings.config.urls

    def all(self) -> Mapping[FeedId, FollowedFeed]:
        """Return the feeds that are followed, in the order of the settings."""
        return {feed.id: feed for feed in self._feeds.values()}

    def get(self, feed: FeedId) -> FollowedFeed:
        """Return a feed.

        Raises:
            UnknownFeedError: it is not followed.
        """
        if (found := self._feeds.get(feed.key)) is None:
            raise UnknownFeedError
        return found

    async def follow(self, urls: Iterable[str]) -> None:
        """Follow these feeds and no others, and poll all of them at once, in the background."""
        async with self._changing:
            await self._change(checked_urls(urls))
        for feed in self._feeds.values():
            feed.hasten()

    async def add(self, url: str) -> FollowedFeed:
        """Follow a feed, too, and return it; one that is followed already stays as it is.

        Raises:
            InvalidInputError: it is no address, or there are too many.
        """
        async with self._changing:
            await self._change(checked_urls([*self.urls(), url]))
        return self._feeds[key_of(url.strip())]

    async def remove(self, feed: FeedId) -> None:
        """Follow a feed no more, and forget what is known of it.

        Raises:
            UnknownFeedError: it is not followed.
        """
        gone = self.get(feed).url
        async with self._changing:
            await self._change([url for url in self.urls() if url != gone])

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[RssConfig]) -> None:
        """Take changed settings."""
        self._settings.config = context.config
        self._apply()
        for feed in self._feeds.values():
            feed.retime()

    async def _change(self, urls: Sequence[str]) -> None:
        await self._configuration.change({"rss": {"urls": list(urls)}})

    def _apply(self) -> None:
        """Follow the feeds of the settings and no others."""
        wanted = {key_of(url): url for url in self._settings.config.urls}
        for key in [key for key in self._feeds if key not in wanted]:
            self._tasks.pop(key).cancel()
            self._spawn("forget", self._forget(key, self._feeds.pop(key)))
        for key, url in wanted.items():
            if key not in self._feeds:
                feed = FollowedFeed(url=url, poller=self._poller, entries=self._entries)
                self._feeds[key] = feed
                self._tasks[key] = self._spawn("feed", feed.run())
        self._feeds = {key: self._feeds[key] for key in wanted}

    async def _forget(self, key: bytes, feed: FollowedFeed | None) -> None:
        """Forget a feed, once nobody works on it."""
        if feed is not None:
            await feed.end()
        if key not in self._feeds:  # it may be followed again meanwhile
            self._looker.forget(key)
            await self._entries.forget_feed(key)
