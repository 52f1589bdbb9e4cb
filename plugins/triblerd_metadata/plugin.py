"""The hooks of the metadata plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Measurements, PluginDirectory
from triblerd_downloads.api import Downloads, TorrentTitles
from triblerd_identity.api import NodeKey
from triblerd_metadata.api import (
    HealthUpdated,
    Lists,
    MetadataStore,
    RecentChecks,
    Statements,
    TextIndex,
    TorrentLabels,
    WireRecords,
)
from triblerd_metadata.bulk.endpoint import BulkEndpoint
from triblerd_metadata.bulk.importing import Reached
from triblerd_metadata.config import MetadataConfig
from triblerd_metadata.container import MetadataContainer
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.editing.endpoint import EntriesEndpoint
from triblerd_metadata.figures import Figures
from triblerd_metadata.health.config import TorrentCheckingConfig
from triblerd_metadata.health.container import HealthContainer
from triblerd_metadata.health.endpoint import HealthEndpoint
from triblerd_metadata.lists.endpoint import PopularEndpoint
from triblerd_metadata.receiving import PeerRecords
from triblerd_metadata.store import Metadata


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Remembers torrents, channels and folders, and how healthy they are."
    after = ("libtorrent", "downloads", "torrentinfo", "createtorrent")
    return Manifest("metadata", summary, requires=("identity",), after=after)


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return MetadataConfig


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what is said of checks of torrents."""
    return {"torrent_checking": TorrentCheckingConfig}


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of checks."""
    return [HealthUpdated]


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/metadata``."""
    return [EntriesEndpoint, PopularEndpoint, BulkEndpoint, HealthEndpoint]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``metadata``."""
    from triblerd_metadata.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[MetadataConfig]) -> AsyncIterator[Running]:
    """Read the columns, then remember while the plugin runs."""
    key = context.service(NodeKey)
    discretion = Discretion(await context.store.table("discreet", int))
    container = MetadataContainer(
        config=context.config,
        metadata=await Metadata.open(context.store),
        key=key,
        tasks=context.tasks,
        downloads=partial(context.services.find, Downloads),
        statements=partial(context.services.find, Statements),
        text_index=partial(context.services.find, TextIndex),
        services=context.services,
        events=context.events,
        view=context.store,
        discretion=discretion,
        reached=await context.store.table("import", Reached),
    )
    metadata, orders = container.metadata(), container.orders()
    metadata.watch(orders)
    metadata.watch(container.titles())
    metadata.watch(container.popular())
    orders.start()
    unlisten = container.own_torrents().listen()
    context.tasks.start("own-torrents", container.own_torrents().work())
    checking = context.section(TorrentCheckingConfig)
    health = HealthContainer(
        config=checking,
        store=metadata,
        state_dir=context.state_dir,
        discretion=discretion,
        services=context.services,
        plugins=context.service(PluginDirectory),
        spawn=context.tasks.start,
        publish=context.events.publish,
    )
    context.tasks.every(checking.interval, "health-rounds", health.rounds().look)
    yield Running(
        endpoints=[
            container.entries_endpoint(),
            container.popular_endpoint(),
            container.bulk_endpoint(),
            HealthEndpoint(checker=health.checker(), config=checking),
        ],
        services={
            MetadataStore: metadata,
            TorrentTitles: container.titles(),
            Lists: container.lists(),
            WireRecords: PeerRecords(key=key),
            RecentChecks: metadata.checks,
            TorrentLabels: container.labels(),
        },
        hooks=[Figures(metadata=metadata, measurements=context.service(Measurements))],
    )
    unlisten()
    await health.way_out().close()
    await container.lines_reader().close()
    await metadata.close()
