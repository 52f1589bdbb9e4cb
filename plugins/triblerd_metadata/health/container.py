"""How the objects that check torrents are put together."""

import random
from collections.abc import Callable
from pathlib import Path

from dependency_injector import containers, providers

from triblerd.events import Event
from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.health.banned import Banned
from triblerd_metadata.health.blacklist import Blacklist
from triblerd_metadata.health.check import HealthCheck
from triblerd_metadata.health.checker import HealthChecker
from triblerd_metadata.health.config import TorrentCheckingConfig
from triblerd_metadata.health.outgoing import Names
from triblerd_metadata.health.own_swarm import OwnSwarm
from triblerd_metadata.health.rounds import Rounds
from triblerd_metadata.health.scrapes import Spawn
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.way_out import WayOut


class HealthContainer(containers.DeclarativeContainer):
    """What checks are given (above) and what is made of it (below)."""

    config = providers.Dependency(instance_of=TorrentCheckingConfig)
    store: providers.Dependency[MetadataStore] = providers.Dependency(instance_of=MetadataStore)
    state_dir = providers.Dependency(instance_of=Path)
    discretion = providers.Dependency(instance_of=Discretion)
    services: providers.Dependency[Services] = providers.Dependency()
    plugins: providers.Dependency[PluginDirectory] = providers.Dependency(instance_of=PluginDirectory)
    spawn: providers.Dependency[Spawn] = providers.Dependency()
    publish: providers.Dependency[Callable[[Event], None]] = providers.Dependency()

    bans = providers.Singleton(Banned, services=services)
    names = providers.Singleton(Names, refuses=bans.provided.is_banned)
    book = providers.Singleton(TrackerBook)
    way_out = providers.Singleton(
        WayOut, services=services, plugins=plugins, book=book, names=names, refuses=bans.provided.is_banned, spawn=spawn
    )
    own_swarm = providers.Singleton(OwnSwarm, services=services, discretion=discretion)
    blacklist = providers.Singleton(Blacklist, state_dir=state_dir)
    check = providers.Singleton(
        HealthCheck,
        store=store,
        way_out=way_out,
        own_swarm=own_swarm,
        blacklist=blacklist,
        book=book,
        publish=publish,
    )
    checker = providers.Singleton(HealthChecker, check=check, spawn=spawn)
    rounds = providers.Singleton(
        Rounds,
        config=config,
        store=store,
        check=check,
        checker=checker,
        way_out=way_out,
        book=book,
        draw=providers.Factory(random.SystemRandom),
    )
