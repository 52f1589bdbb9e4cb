"""``/rss``.

Every route wants a key that may change things: addresses of feeds, and of torrent files in them, often have passkeys.
"""

import asyncio

import msgspec

from triblerd.errors import ConflictError, InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.services import FileRoots
from triblerd_rss.addresses import FeedId, key_of
from triblerd_rss.entries import EntryTables
from triblerd_rss.feeds import FeedList
from triblerd_rss.records import Entry, RuleRecord
from triblerd_rss.rule_book import RuleBook
from triblerd_rss.rules import Rule
from triblerd_rss.schemas import (
    Applied,
    DryRun,
    DryRunBody,
    EntriesQuery,
    EntryItem,
    EntryItems,
    FeedItem,
    FeedItems,
    FeedRemoved,
    PageQuery,
    RuleBody,
    RuleItem,
    RuleItems,
    RuleName,
    RuleRemoved,
    UrlBody,
    UrlsBody,
    entry_fields,
    tried_item,
)
from triblerd_rss.taking import Taker
from triblerd_rss.trying import MOST_LOOKED_AT, Trial

_URLS = {"urls": ["https://feeds.example/torrents.xml"]}
_RULE = {"must_contain": ["some show", "1080p|2160p"], "must_not_contain": ["cam"], "category": "shows"}


class FeedsEndpoint(Endpoint):
    """Feeds of torrents, and what was seen in them."""

    prefix = "/rss"

    def __init__(self, *, feeds: FeedList, entries: EntryTables) -> None:
        self._feeds = feeds
        self._entries = entries

    @route("GET", "/feeds", scope=Scope.WRITE)
    async def list_feeds(self) -> FeedItems:
        """List the feeds that are followed."""
        return self._listed()

    @route("PUT", "/feeds", raises=(InvalidInputError,), examples={"body": _URLS})
    async def put_feeds(self, body: UrlsBody) -> FeedItems:
        """Follow these feeds and no others.

        All are polled at once, in the background. What is known of a feed that is left out is forgotten. The entries
        that a new feed has at its first poll are seen, and no rule takes them by itself.
        """
        await self._feeds.follow(body.urls)
        return self._listed()

    @route("POST", "/feeds", raises=(InvalidInputError,), examples={"body": {"url": _URLS["urls"][0]}})
    async def add_feed(self, body: UrlBody) -> FeedItem:
        """Follow one feed more, and poll it at once, in the background; one that is followed already stays as it is."""
        if not body.url.strip():
            msg = "url parameter missing"
            raise InvalidInputError(msg)
        return FeedItem.of(await self._feeds.add(body.url))

    @route("GET", "/feeds/{feed}", scope=Scope.WRITE, raises=(NotFoundError,))
    async def show_feed(self, feed: FeedId) -> FeedItem:
        """Show one feed."""
        return FeedItem.of(self._feeds.get(feed))

    @route("DELETE", "/feeds/{feed}", raises=(NotFoundError,))
    async def remove_feed(self, feed: FeedId) -> FeedRemoved:
        """Follow a feed no more. What was seen in it is forgotten; downloads stay."""
        await self._feeds.remove(feed)
        return FeedRemoved(feed=str(feed))

    @route("POST", "/feeds/{feed}/poll", streams=True, answers=FeedItem, raises=(NotFoundError,))
    async def poll_feed(self, feed: FeedId) -> FeedItem:
        """Poll a feed now, whatever its server said of the next time, and show what came of it."""
        found = self._feeds.get(feed)
        await found.poll()
        return FeedItem.of(found)

    @route("GET", "/entries", scope=Scope.WRITE, raises=(InvalidInputError,))
    async def list_entries(self, query: EntriesQuery) -> EntryItems:
        """List the entries that were seen, the newest first, with what was done with them."""

        def wanted(entry: Entry) -> bool:
            if not query.rule and not query.state:
                return True
            return any(query.rule in {"", take.name} and query.state in {"", take.state} for take in entry.takes)

        found = await asyncio.to_thread(self._entries.newest, wanted, feed_key(query.feed), MOST_LOOKED_AT)
        rows = [
            EntryItem(**entry_fields(number, entry))  # type: ignore[arg-type]  # its fields
            for number, entry in found[query.window()]
        ]
        return EntryItems(entries=rows, first=max(query.first, 1), last=query.last, total=len(found))

    def _listed(self) -> FeedItems:
        return FeedItems(feeds=[FeedItem.of(feed) for feed in self._feeds.all().values()])


class RulesEndpoint(Endpoint):
    """Rules: which entries of feeds are downloaded, and how."""

    prefix = "/rss/rules"

    def __init__(self, *, rules: RuleBook, trial: Trial, taker: Taker, roots: FileRoots) -> None:
        self._rules = rules
        self._trial = trial
        self._taker = taker
        self._roots = roots

    @route("GET", "", scope=Scope.WRITE)
    async def list_rules(self) -> RuleItems:
        """List all rules."""
        return RuleItems(rules=[RuleItem.of(rule) for rule in self._rules.all().values()])

    @route("GET", "/{name}", scope=Scope.WRITE, raises=(NotFoundError,))
    async def show_rule(self, name: RuleName) -> RuleItem:
        """Show one rule."""
        return RuleItem.of(self._rules.get(name))

    @route("PUT", "/{name}", raises=(InvalidInputError,), examples={"body": _RULE})
    async def put_rule(self, name: RuleName, body: RuleBody) -> RuleItem:
        """Make a rule, or replace it: what the body leaves out is as if it had never been said.

        It takes entries that come from now on, of feeds that were polled before; `apply` has it take those that are
        there. A rule takes each entry, and each torrent, once.
        """
        rule = await self._rules.put(str(name), body.record(self._roots))
        self._taker.changed(rule.record.number)
        return RuleItem.of(rule)

    @route("DELETE", "/{name}", raises=(NotFoundError,))
    async def remove_rule(self, name: RuleName) -> RuleRemoved:
        """Remove a rule, and what it was about to take. Its downloads stay."""
        self._taker.changed(await self._rules.remove(str(name)))
        return RuleRemoved(name=str(name))

    @route("POST", "/dry_run", raises=(InvalidInputError,), examples={"body": _RULE})
    async def try_rule(self, query: PageQuery, body: DryRunBody) -> DryRun:
        """Show what a rule, which need not be stored, would take of what was seen, and why not the rest."""
        record = body.record(self._roots)
        stored = self._rules.all().get(body.name.strip())
        return await self._run(_numbered(body.name, record, stored), query)

    @route("POST", "/{name}/dry_run", raises=(NotFoundError,))
    async def try_stored_rule(self, name: RuleName, query: PageQuery) -> DryRun:
        """Show what `apply` would have a rule take of the entries that were seen, and why not the rest."""
        return await self._run(self._rules.get(str(name)), query)

    @route("POST", "/{name}/apply", raises=(NotFoundError, ConflictError))
    async def apply_rule(self, name: RuleName) -> Applied:
        """Have a rule take what it wants of the entries that are in their feeds now; what failed is tried again."""
        return Applied(taken=await self._trial.apply(self._rules.get(str(name))))

    async def _run(self, rule: Rule, query: PageQuery) -> DryRun:
        tried = await self._trial.dry_run(rule, feed_key(query.feed))
        return DryRun(
            entries=[tried_item(one) for one in tried[query.window()]],
            first=max(query.first, 1),
            last=query.last,
            total=len(tried),
            would_take=sum(1 for one in tried if not one.reasons),
        )


def feed_key(text: str) -> bytes | None:
    """Return the key of a feed that a query names by its id or address; ``None`` when it names none.

    Raises:
        InvalidInputError: it is neither.
    """
    if not text:
        return None
    return key_of(text) if ":" in text else FeedId.parse(text).key


def _numbered(name: str, record: RuleRecord, stored: Rule | None) -> Rule:
    return Rule.of(name, msgspec.structs.replace(record, number=stored.record.number if stored else 0))
