"""The hooks of the torrentinfo plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import PluginDirectory
from triblerd_downloads.api import DefaultHops
from triblerd_libtorrent.api import MetadataLookups, TorrentEngine, TorrentSources, TunnelAccess
from triblerd_torrentinfo.api import TorrentInfo, TorrentLookedUp
from triblerd_torrentinfo.config import TorrentInfoConfig
from triblerd_torrentinfo.endpoint import TorrentInfoEndpoint
from triblerd_torrentinfo.looking import TorrentLooker


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Tells what is in a torrent before it is downloaded."
    return Manifest("torrentinfo", summary, requires=("libtorrent",), after=("downloads",))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return TorrentInfoConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/torrentinfo``."""
    return [TorrentInfoEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of what was found."""
    return [TorrentLookedUp]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``info``."""
    from triblerd_torrentinfo.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[TorrentInfoConfig]) -> AsyncIterator[Running]:
    """Look up while the plugin runs."""
    engine = context.service(TorrentEngine)
    default_hops = DefaultHops(services=context.services, plugins=context.service(PluginDirectory), engine=engine)
    torrents = TorrentLooker(
        config=context.config,
        engine=engine,
        sources=context.service(TorrentSources),
        lookups=context.service(MetadataLookups),
        default_hops=default_hops,
        tunnels=TunnelAccess(services=context.services, sessions=engine.sessions),
        services=context.services,
        publish=context.events.publish,
    )
    endpoint = TorrentInfoEndpoint(torrents=torrents)
    yield Running(endpoints=[endpoint], services={TorrentInfo: torrents}, hooks=[torrents])
