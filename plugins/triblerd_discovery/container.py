"""How the plugin's objects are put together."""

import random
from collections.abc import Callable

from dependency_injector import containers, providers

from triblerd.events import Event
from triblerd_discovery.answering import Answerer
from triblerd_discovery.asking import RemoteSearches
from triblerd_discovery.checked import CheckedTorrents
from triblerd_discovery.community import join
from triblerd_discovery.config import DiscoveryConfig
from triblerd_discovery.exchange import Exchange
from triblerd_discovery.figures import Figures
from triblerd_discovery.gossip import Gossip
from triblerd_discovery.limits import DayBudget, Gate
from triblerd_discovery.link import Spawn
from triblerd_discovery.receiving import Receiver
from triblerd_discovery.requests import Requests
from triblerd_ipv8.api import Overlays
from triblerd_metadata.api import Lists, MetadataStore, TextIndex, WireRecords


class DiscoveryContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=DiscoveryConfig)
    overlays: providers.Dependency[Overlays] = providers.Dependency(instance_of=Overlays)
    store: providers.Dependency[MetadataStore] = providers.Dependency(instance_of=MetadataStore)
    lists: providers.Dependency[Lists] = providers.Dependency(instance_of=Lists)
    records: providers.Dependency[WireRecords] = providers.Dependency(instance_of=WireRecords)
    text_index: providers.Dependency[Callable[[], TextIndex | None]] = providers.Dependency()
    spawn: providers.Dependency[Spawn] = providers.Dependency()
    publish: providers.Dependency[Callable[[Event], None]] = providers.Dependency()
    largest_block = providers.Dependency(instance_of=int)
    most_rows = providers.Dependency(instance_of=int)
    most_peers = providers.Dependency(instance_of=int)
    version = providers.Dependency(instance_of=str)
    with_gossip = providers.Dependency(instance_of=bool)

    draw = providers.Singleton(random.SystemRandom)
    gate = providers.Singleton(Gate)
    link = providers.Singleton(join, overlays=overlays, gate=gate)
    budget = providers.Singleton(
        DayBudget, per_peer=config.provided.records_per_peer, in_all=config.provided.records_per_day
    )
    requests = providers.Singleton(Requests, link=link, draw=draw)
    receiver = providers.Singleton(Receiver, store=store, records=records, budget=budget)
    answerer = providers.Singleton(
        Answerer,
        config=config,
        link=link,
        store=store,
        lists=lists,
        records=records,
        text_index=text_index,
        largest_block=largest_block,
        most_rows=most_rows,
        spawn=spawn,
    )
    searches = providers.Singleton(
        RemoteSearches,
        link=link,
        requests=requests,
        receiver=receiver,
        lists=lists,
        most_peers=most_peers,
        draw=draw,
        publish=publish,
        spawn=spawn,
    )
    checked = providers.Singleton(CheckedTorrents, store=store, with_own=config.provided.share_own, draw=draw)
    gossip = providers.Singleton(
        Gossip,
        link=link,
        requests=requests,
        receiver=receiver,
        store=store,
        checked=checked,
        draw=draw,
        spawn=spawn,
    )
    exchange = providers.Singleton(
        Exchange,
        link=link,
        answerer=answerer,
        requests=requests,
        gossip=gossip,
        with_gossip=with_gossip,
        version=version,
    )
    figures = providers.Singleton(
        Figures, link=link, requests=requests, answers=answerer.provided.counts, records=receiver.provided.counts
    )
