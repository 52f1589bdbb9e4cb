"""How the plugin's objects are put together."""

from collections.abc import Callable

from dependency_injector import containers, providers

from triblerd.events import Event
from triblerd.plugin import Services
from triblerd.services import FileRoots
from triblerd.tasks import Tasks
from triblerd_createtorrent.commissions import Commissions
from triblerd_createtorrent.config import CreatetorrentConfig
from triblerd_createtorrent.endpoint import CreatetorrentEndpoint
from triblerd_createtorrent.jobs import Jobs
from triblerd_createtorrent.making import ProcessMaker
from triblerd_createtorrent.requests import Requests
from triblerd_createtorrent.seeding import Seeding
from triblerd_createtorrent.settings import CreatetorrentSettings
from triblerd_downloads.api import DefaultHops
from triblerd_libtorrent.api import TorrentEngine, TunnelAccess


class CreatetorrentContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=CreatetorrentConfig)
    engine: providers.Dependency[TorrentEngine] = providers.Dependency(instance_of=TorrentEngine)
    roots: providers.Dependency[FileRoots] = providers.Dependency(instance_of=FileRoots)
    services: providers.Dependency[Services] = providers.Dependency()
    default_hops = providers.Dependency(instance_of=DefaultHops)
    tunnels = providers.Dependency(instance_of=TunnelAccess)
    tasks = providers.Dependency(instance_of=Tasks)
    publish: providers.Dependency[Callable[[Event], None]] = providers.Dependency()

    settings = providers.Singleton(CreatetorrentSettings, config=config)
    maker = providers.Singleton(ProcessMaker, roots=roots, settings=settings)
    seeding = providers.Singleton(Seeding, default_hops=default_hops, tunnels=tunnels, services=services, roots=roots)
    jobs = providers.Singleton(
        Jobs, settings=settings, maker=maker, engine=engine, seeding=seeding, tasks=tasks, publish=publish
    )
    commissions = providers.Singleton(Commissions, jobs=jobs, seeding=seeding)
    requests = providers.Singleton(Requests, maker=maker, seeding=seeding, roots=roots)
    endpoint = providers.Singleton(CreatetorrentEndpoint, jobs=jobs, requests=requests)
