"""The hooks of the plugin that makes torrents."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import FileRoots, PluginDirectory
from triblerd_createtorrent.api import TorrentCreated, TorrentJobs, TorrentMaker, TorrentProgress
from triblerd_createtorrent.config import CreatetorrentConfig
from triblerd_createtorrent.container import CreatetorrentContainer
from triblerd_createtorrent.endpoint import CreatetorrentEndpoint
from triblerd_downloads.api import DefaultHops
from triblerd_libtorrent.api import TorrentEngine, TunnelAccess

_PRUNE_SECONDS = 60.0


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is. Without ``downloads`` torrents are made, but not seeded."""
    return Manifest("createtorrent", "Makes torrents of files.", requires=("libtorrent",), after=("downloads",))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return CreatetorrentConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/createtorrent``."""
    return [CreatetorrentEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell how far jobs are."""
    return [TorrentProgress, TorrentCreated]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``create``."""
    from triblerd_createtorrent.commands import create  # noqa: PLC0415 - the daemon does not need it

    return [create]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[CreatetorrentConfig]) -> AsyncIterator[Running]:
    """Take jobs; those that are not over when the plugin stops are cancelled."""
    engine = context.service(TorrentEngine)
    plugins = context.service(PluginDirectory)
    container = CreatetorrentContainer(
        config=context.config,
        engine=engine,
        default_hops=DefaultHops(services=context.services, plugins=plugins, engine=engine),
        tunnels=TunnelAccess(services=context.services, sessions=engine.sessions),
        roots=context.service(FileRoots),
        services=context.services,
        tasks=context.tasks,
        publish=context.events.publish,
    )
    jobs = container.jobs()
    context.tasks.every(_PRUNE_SECONDS, "forget-ended-jobs", jobs.forget_old)
    yield Running(
        endpoints=[container.endpoint()],
        services={TorrentMaker: container.maker(), TorrentJobs: container.commissions()},
        hooks=[container.settings()],
    )
