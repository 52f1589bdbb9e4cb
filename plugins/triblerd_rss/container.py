"""How the rss plugin is put together."""

import asyncio
from collections.abc import Callable, Coroutine

from dependency_injector import containers, providers

from triblerd.events import EventBus
from triblerd.plugin import Services
from triblerd.services import Configuration, FileRoots
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import TorrentEngine
from triblerd_rss.config import RssConfig
from triblerd_rss.endpoint import FeedsEndpoint, RulesEndpoint
from triblerd_rss.entries import EntryTables
from triblerd_rss.feeds import FeedList
from triblerd_rss.fetching import FeedFetcher
from triblerd_rss.figures import Figures
from triblerd_rss.looking import Looker
from triblerd_rss.polling import Poller
from triblerd_rss.rule_book import RuleBook
from triblerd_rss.settings import RssSettings
from triblerd_rss.taking import Taker
from triblerd_rss.trying import Trial
from triblerd_torrentinfo.api import TorrentInfo

Spawn = Callable[[str, Coroutine[object, object, None]], asyncio.Task[None]]


class RssContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config: providers.Dependency[RssConfig] = providers.Dependency(instance_of=RssConfig)
    entries: providers.Dependency[EntryTables] = providers.Dependency(instance_of=EntryTables)
    rules: providers.Dependency[RuleBook] = providers.Dependency(instance_of=RuleBook)
    engine: providers.Dependency[TorrentEngine] = providers.Dependency(instance_of=TorrentEngine)
    downloads: providers.Dependency[Downloads] = providers.Dependency(instance_of=Downloads)
    torrents: providers.Dependency[TorrentInfo] = providers.Dependency(instance_of=TorrentInfo)
    configuration: providers.Dependency[Configuration] = providers.Dependency(instance_of=Configuration)
    roots: providers.Dependency[FileRoots] = providers.Dependency(instance_of=FileRoots)
    events: providers.Dependency[EventBus] = providers.Dependency(instance_of=EventBus)
    services: providers.Dependency[Services] = providers.Dependency()
    spawn: providers.Dependency[Spawn] = providers.Dependency()

    settings = providers.Singleton(RssSettings, config)
    fetcher = providers.Singleton(FeedFetcher)
    looker = providers.Singleton(Looker, entries=entries, torrents=torrents, settings=settings, services=services)
    taker = providers.Singleton(
        Taker,
        entries=entries,
        rules=rules,
        downloads=downloads,
        looker=looker,
        publish=events.provided.publish,
        spawn=spawn,
    )
    poller = providers.Singleton(
        Poller,
        entries=entries,
        fetcher=fetcher,
        engine=engine,
        rules=rules,
        looker=looker,
        taker=taker,
        settings=settings,
    )
    feeds = providers.Singleton(
        FeedList,
        entries=entries,
        poller=poller,
        looker=looker,
        settings=settings,
        configuration=configuration,
        spawn=spawn,
    )
    trial = providers.Singleton(Trial, entries=entries, taker=taker)
    feeds_endpoint = providers.Singleton(FeedsEndpoint, feeds=feeds, entries=entries)
    rules_endpoint = providers.Singleton(RulesEndpoint, rules=rules, trial=trial, taker=taker, roots=roots)
    figures = providers.Singleton(
        Figures, feeds=feeds, entries=entries, rules=rules, poller=poller, looker=looker, taker=taker
    )
