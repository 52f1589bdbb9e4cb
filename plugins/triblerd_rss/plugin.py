"""The hooks of the rss plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, FileRoots
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import TorrentEngine
from triblerd_rss.api import Feeds, RssEntryTaken
from triblerd_rss.config import RssConfig
from triblerd_rss.container import RssContainer
from triblerd_rss.endpoint import FeedsEndpoint, RulesEndpoint
from triblerd_rss.entries import EntryTables
from triblerd_rss.records import RuleRecord
from triblerd_rss.rule_book import RuleBook
from triblerd_torrentinfo.api import TorrentInfo


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "rss",
        "Follows feeds of torrents, and downloads what rules ask for.",
        requires=("libtorrent", "downloads", "torrentinfo"),
        after=("metadata",),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return RssConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/rss``."""
    return [FeedsEndpoint, RulesEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of what rules take."""
    return [RssEntryTaken]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``rss``."""
    from triblerd_rss.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[RssConfig]) -> AsyncIterator[Running]:
    """Go on with what was left unfinished, then follow feeds while the plugin runs."""
    entries = await EntryTables.open(context.store)
    unfinished = await entries.load()
    rules = RuleBook(table=await context.store.table("rules", RuleRecord), entries=entries)
    await rules.load()
    container = RssContainer(
        config=context.config,
        entries=entries,
        rules=rules,
        engine=context.service(TorrentEngine),
        downloads=context.service(Downloads),
        torrents=context.service(TorrentInfo),
        configuration=context.service(Configuration),
        roots=context.service(FileRoots),
        events=context.events,
        services=context.services,
        spawn=context.tasks.start,
    )
    feeds, looker, taker = container.feeds(), container.looker(), container.taker()
    looker.add(unfinished)
    taker.take(unfinished)
    context.tasks.start("looking", looker.work())
    context.tasks.start("taking", taker.work())
    feeds.start()
    yield Running(
        endpoints=[container.feeds_endpoint(), container.rules_endpoint()],
        services={Feeds: feeds},
        hooks=[feeds, container.figures()],
    )
    await container.fetcher().close()
