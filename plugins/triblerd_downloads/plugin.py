"""The hooks of the downloads plugin."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import FileRoots
from triblerd_downloads.api import (
    Category,
    DownloadLists,
    DownloadRecord,
    Downloads,
    DownloadStreams,
    DownloadTakeover,
    DownloadTrackers,
    TorrentFinished,
    TorrentStatusChanged,
)
from triblerd_downloads.circuit_watch import LOOK_SECONDS
from triblerd_downloads.completion.endpoint import CompletionsEndpoint
from triblerd_downloads.completion.jobs import Job
from triblerd_downloads.config import CompletionConfig, DownloadDefaults, DownloadsConfig
from triblerd_downloads.container import DownloadsContainer
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.endpoint import DownloadsEndpoint
from triblerd_downloads.labels.endpoint import CategoriesEndpoint, TagsEndpoint
from triblerd_downloads.orphaned_parts import clear_orphaned_parts
from triblerd_downloads.streaming.endpoint import StreamEndpoint
from triblerd_downloads.swarm.endpoint import BannedPeersEndpoint, SwarmEndpoint
from triblerd_downloads.swarm.public_trackers import FetchedList
from triblerd_downloads.takeover.names import Renaming
from triblerd_downloads.tree.endpoint import FilesEndpoint
from triblerd_downloads.unwritten import unwritten
from triblerd_libtorrent.api import (
    MetadataLookups,
    PeerBans,
    TorrentEngine,
    TorrentPieces,
    TorrentSources,
    TorrentStore,
    TorrentSwarm,
    TunnelAccess,
)


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("downloads", "Adds, watches, limits, moves and removes downloads.", requires=("libtorrent",))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return DownloadsConfig


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what a download gets that does not say otherwise, and what is done when it is complete."""
    return {"download_defaults": DownloadDefaults, "completion": CompletionConfig}


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/downloads``, ``/banned_peers``, ``/categories`` and ``/tags``."""
    return [
        DownloadsEndpoint,
        FilesEndpoint,
        StreamEndpoint,
        SwarmEndpoint,
        BannedPeersEndpoint,
        CategoriesEndpoint,
        TagsEndpoint,
        CompletionsEndpoint,
    ]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of what is complete, and of every change of state."""
    return [TorrentFinished, TorrentStatusChanged]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``add``, ``list``, ``show``, ``pause``, ``resume``, ``remove`` and ``watch``."""
    from triblerd_downloads.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[DownloadsConfig]) -> AsyncIterator[Running]:
    """List what is stored, then hand it to the engine in the background."""
    container = DownloadsContainer(
        config=context.config,
        defaults=context.section(DownloadDefaults),
        engine=context.service(TorrentEngine),
        swarm=context.service(TorrentSwarm),
        bans=context.service(PeerBans),
        torrents=context.service(TorrentStore),
        sources=context.service(TorrentSources),
        lookups=context.service(MetadataLookups),
        pieces=context.service(TorrentPieces),
        store=context.store,
        table=await context.store.table("row", DownloadRecord),
        completion=context.section(CompletionConfig),
        job_table=await context.store.table("completion", Job),
        file_tables=await context.store.table("file_table", bytes),
        category_table=await context.store.table("category", Category),
        tracker_lists=await context.store.table("tracker_list", FetchedList),
        renaming_table=await context.store.table("renaming", Renaming),
        roots=context.service(FileRoots),
        services=context.services,
        tunnels=TunnelAccess(services=context.services, sessions=context.service(TorrentEngine).sessions),
        tasks=context.tasks,
        publish=context.events.publish,
    )
    downloads, handover, following = container.downloads(), container.handover(), container.following()
    records, seeding, settings = container.records(), container.seeding(), container.settings()
    await container.categories().load()
    found = await asyncio.to_thread(records.load)
    if context.config.clear_orphaned_parts:
        await clear_orphaned_parts(
            folders=settings.folders(found.values()),
            known=records.infohashes(),
            torrents=context.service(TorrentStore),
            parser=context.service(TorrentEngine),
        )
    late = await unwritten(found, context.service(TorrentStore), context.service(TorrentEngine))
    if late:
        found |= await records.change_many(late)
    await container.names().give()
    downloads.load(itertools.starmap(ActiveDownload, found.items()))
    circuit_watch = container.circuit_watch()
    ends = following.listen(), container.watch().listen(), circuit_watch.listen()
    context.tasks.start("hand-over", handover.work())
    moves = container.moves()
    handover.hold(moves.held())
    handover.ask_all(download for download in downloads.all() if not download.record.moving_to)
    context.tasks.start("moves", moves.go_on())
    context.tasks.start("tracker-list", container.public_trackers().follow())
    await container.runner().load()
    context.tasks.start("completions", container.runner().work())
    context.tasks.every(following.interval, "checkpoint", following.save)
    context.tasks.every(LOOK_SECONDS, "circuits", circuit_watch.look)
    context.tasks.every(seeding.interval, "seeding-limits", seeding.look)
    yield Running(
        endpoints=[
            container.endpoint(),
            container.files_endpoint(),
            container.stream_endpoint(),
            container.swarm_endpoint(),
            container.banned_peers_endpoint(),
            container.categories_endpoint(),
            container.tags_endpoint(),
            container.completions_endpoint(),
        ],
        services={
            Downloads: container.manager(),
            DownloadLists: container.lists(),
            DownloadStreams: container.file_streams(),
            DownloadTrackers: container.trackers(),
            DownloadTakeover: container.takeover(),
        },
        hooks=[settings, container.public_trackers()],
    )
    moves.stop()
    await container.streams().end_all()
    for end in ends:
        end()
    await following.save()
