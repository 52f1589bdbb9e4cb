"""How the plugin's objects are put together."""

from collections.abc import Callable

from dependency_injector import containers, providers

from triblerd.events import Event
from triblerd.plugin import Services
from triblerd.services import FileRoots
from triblerd.store import StoreView, Table
from triblerd.tasks import Tasks
from triblerd_downloads.api import Category, DownloadRecord
from triblerd_downloads.circuit_watch import CircuitWatch
from triblerd_downloads.completion.endpoint import CompletionsEndpoint
from triblerd_downloads.completion.jobs import Job
from triblerd_downloads.completion.noticing import Completions
from triblerd_downloads.completion.runner import Runner
from triblerd_downloads.config import CompletionConfig, DownloadDefaults, DownloadsConfig
from triblerd_downloads.copies import TorrentCopies
from triblerd_downloads.details import Details
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.downloads import DownloadManager
from triblerd_downloads.endpoint import DownloadsEndpoint
from triblerd_downloads.folders import Folders
from triblerd_downloads.following import Following
from triblerd_downloads.handover import Handover
from triblerd_downloads.hops import Hops
from triblerd_downloads.items import Items
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.labels.endpoint import CategoriesEndpoint, TagsEndpoint
from triblerd_downloads.listing import Listing
from triblerd_downloads.lists import Lists
from triblerd_downloads.metainfos import Metainfos
from triblerd_downloads.moves import Moves
from triblerd_downloads.occupation import Occupation
from triblerd_downloads.records import Records
from triblerd_downloads.rows import Rows, Surroundings
from triblerd_downloads.seeding import Seeding
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.streaming.endpoint import StreamEndpoint
from triblerd_downloads.streaming.preparation import Preparation
from triblerd_downloads.streaming.serving import FileStreams
from triblerd_downloads.streaming.streams import Streams
from triblerd_downloads.streaming.vod_mode import VodMode
from triblerd_downloads.swarm.endpoint import BannedPeersEndpoint, SwarmEndpoint
from triblerd_downloads.swarm.peers import Peers
from triblerd_downloads.swarm.public_trackers import FetchedList, PublicTrackers
from triblerd_downloads.swarm.shown import ShownTrackers
from triblerd_downloads.swarm.sizes import SwarmSizes
from triblerd_downloads.swarm.trackers import Trackers
from triblerd_downloads.swarm.web_seeds import WebSeeds
from triblerd_downloads.takeover.names import GivenNames, Renaming
from triblerd_downloads.takeover.taking import Takeover
from triblerd_downloads.takeover.watching import Watch
from triblerd_downloads.tree.browser import TreeBrowser
from triblerd_downloads.tree.endpoint import FilesEndpoint
from triblerd_downloads.tree.flat import FlatList
from triblerd_downloads.tree.pieces import PieceMaps
from triblerd_downloads.tree.trees import Trees
from triblerd_downloads.verification import Verification
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


class DownloadsContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=DownloadsConfig)
    defaults = providers.Dependency(instance_of=DownloadDefaults)
    completion = providers.Dependency(instance_of=CompletionConfig)
    engine: providers.Dependency[TorrentEngine] = providers.Dependency(instance_of=TorrentEngine)
    torrents: providers.Dependency[TorrentStore] = providers.Dependency(instance_of=TorrentStore)
    swarm: providers.Dependency[TorrentSwarm] = providers.Dependency(instance_of=TorrentSwarm)
    bans: providers.Dependency[PeerBans] = providers.Dependency(instance_of=PeerBans)
    sources: providers.Dependency[TorrentSources] = providers.Dependency(instance_of=TorrentSources)
    lookups: providers.Dependency[MetadataLookups] = providers.Dependency(instance_of=MetadataLookups)
    pieces: providers.Dependency[TorrentPieces] = providers.Dependency(instance_of=TorrentPieces)
    store = providers.Dependency(instance_of=StoreView)
    table: providers.Dependency[Table[DownloadRecord]] = providers.Dependency(instance_of=Table)
    job_table: providers.Dependency[Table[Job]] = providers.Dependency(instance_of=Table)
    file_tables: providers.Dependency[Table[bytes]] = providers.Dependency(instance_of=Table)
    category_table: providers.Dependency[Table[Category]] = providers.Dependency(instance_of=Table)
    tracker_lists: providers.Dependency[Table[FetchedList]] = providers.Dependency(instance_of=Table)
    renaming_table: providers.Dependency[Table[Renaming]] = providers.Dependency(instance_of=Table)
    roots: providers.Dependency[FileRoots] = providers.Dependency(instance_of=FileRoots)
    services: providers.Dependency[Services] = providers.Dependency()
    tunnels = providers.Dependency(instance_of=TunnelAccess)
    tasks = providers.Dependency(instance_of=Tasks)
    publish: providers.Dependency[Callable[[Event], None]] = providers.Dependency()

    settings = providers.Singleton(DownloadSettings, config=config, defaults=defaults, completion=completion)
    downloads = providers.Singleton(DownloadSet, tunnels=tunnels)
    records = providers.Singleton(
        Records,
        store=store,
        table=table,
        categories=category_table,
        jobs=job_table,
        file_tables=file_tables,
        torrents=torrents,
    )
    folders = providers.Singleton(Folders, roots=roots)
    occupation = providers.Singleton(Occupation)
    categories = providers.Singleton(
        Categories, store=store, table=category_table, records=records, downloads=downloads, folders=folders
    )
    handover = providers.Singleton(Handover, engine=engine, swarm=swarm, tunnels=tunnels, downloads=downloads)
    hops = providers.Singleton(
        Hops, engine=engine, tunnels=tunnels, downloads=downloads, records=records, handover=handover
    )
    moves = providers.Singleton(
        Moves,
        engine=engine,
        torrents=torrents,
        downloads=downloads,
        records=records,
        handover=handover,
        folders=folders,
        roots=roots,
    )
    streams = providers.Singleton(Streams, engine=engine, pieces=pieces, downloads=downloads, tasks=tasks)
    seeding = providers.Singleton(
        Seeding, engine=engine, downloads=downloads, records=records, settings=settings, categories=categories
    )
    public_trackers = providers.Singleton(PublicTrackers, settings=settings, roots=roots, table=tracker_lists)
    trackers = providers.Singleton(
        Trackers,
        engine=engine,
        swarm=swarm,
        torrents=torrents,
        downloads=downloads,
        records=records,
        public=public_trackers,
    )
    runner = providers.Singleton(Runner, store=store, jobs=job_table, settings=settings, tasks=tasks)
    completions = providers.Singleton(
        Completions, records=records, jobs=job_table, runner=runner, settings=settings, tasks=tasks
    )
    completions_endpoint = providers.Singleton(CompletionsEndpoint, downloads=downloads, runner=runner)
    verification = providers.Singleton(Verification, engine=engine, downloads=downloads, settings=settings)
    sizes = providers.Singleton(SwarmSizes, swarm=swarm, downloads=downloads, tasks=tasks)
    copies = providers.Singleton(TorrentCopies, settings=settings, roots=roots, tasks=tasks)
    following = providers.Singleton(
        Following,
        engine=engine,
        downloads=downloads,
        records=records,
        moves=moves,
        hops=hops,
        handover=handover,
        tunnels=tunnels,
        seeding=seeding,
        trackers=trackers,
        completions=completions,
        verification=verification,
        sizes=sizes,
        copies=copies,
        settings=settings,
        publish=publish,
        tasks=tasks,
    )
    circuit_watch = providers.Singleton(
        CircuitWatch, engine=engine, tunnels=tunnels, downloads=downloads, handover=handover, following=following
    )
    web_seeds = providers.Singleton(
        WebSeeds, engine=engine, swarm=swarm, torrents=torrents, downloads=downloads, records=records
    )
    peers = providers.Singleton(
        Peers, engine=engine, swarm=swarm, bans=bans, downloads=downloads, records=records, handover=handover
    )
    metainfos = providers.Singleton(Metainfos, engine=engine, torrents=torrents, downloads=downloads)
    trees = providers.Singleton(Trees, metainfos=metainfos, downloads=downloads, records=records, tasks=tasks)
    manager = providers.Singleton(
        DownloadManager,
        engine=engine,
        torrents=torrents,
        downloads=downloads,
        records=records,
        sources=sources,
        lookups=lookups,
        handover=handover,
        hops=hops,
        tunnels=tunnels,
        following=following,
        moves=moves,
        trackers=trackers,
        metainfos=metainfos,
        settings=settings,
        categories=categories,
        folders=folders,
        streams=streams,
        trees=trees,
        occupation=occupation,
        copies=copies,
        tasks=tasks,
    )
    names = providers.Singleton(GivenNames, store=store, table=renaming_table, torrents=torrents)
    watch = providers.Singleton(Watch, engine=engine, downloads=downloads, handover=handover)
    takeover = providers.Singleton(
        Takeover,
        engine=engine,
        torrents=torrents,
        store=store,
        records=records,
        downloads=downloads,
        handover=handover,
        folders=folders,
        categories=categories,
        occupation=occupation,
        names=names,
        watch=watch,
        tasks=tasks,
    )
    shown_trackers = providers.Singleton(ShownTrackers, engine=engine, swarm=swarm)
    surroundings = providers.Singleton(Surroundings, engine=engine, downloads=downloads, settings=settings)
    items = providers.Singleton(Items, services=services, engine=engine, trackers=shown_trackers)
    rows = providers.Singleton(Rows, downloads=downloads, surroundings=surroundings, encode=items.provided.encode)
    whole_rows = providers.Singleton(
        Rows, downloads=downloads, surroundings=surroundings, encode=items.provided.encode_whole
    )
    flat = providers.Singleton(FlatList, engine=engine, pieces=pieces, trees=trees, downloads=downloads)
    piece_maps = providers.Singleton(PieceMaps, engine=engine, pieces=pieces)
    browser = providers.Singleton(
        TreeBrowser, trees=trees, pieces=piece_maps, engine=engine, downloads=downloads, records=records
    )
    details = providers.Singleton(Details, engine=engine, pieces=pieces, downloads=downloads, flat=flat, peers=peers)
    lists = providers.Singleton(
        Lists,
        downloads=downloads,
        surroundings=surroundings,
        trackers=shown_trackers,
        details=details,
        flat=flat,
        categories=categories,
        settings=settings,
    )
    listing = providers.Singleton(Listing, rows=rows, whole_rows=whole_rows, downloads=downloads, details=details)
    preparation = providers.Singleton(Preparation, manager=manager)
    vod_mode = providers.Singleton(VodMode, streams=streams, preparation=preparation)
    endpoint = providers.Singleton(DownloadsEndpoint, manager=manager, listing=listing, vod_mode=vod_mode)
    files_endpoint = providers.Singleton(FilesEndpoint, downloads=downloads, lists=lists, browser=browser)
    file_streams = providers.Singleton(FileStreams, manager=manager, streams=streams, preparation=preparation)
    stream_endpoint = providers.Singleton(StreamEndpoint, streams=file_streams)
    categories_endpoint = providers.Singleton(CategoriesEndpoint, categories=categories)
    tags_endpoint = providers.Singleton(TagsEndpoint, downloads=downloads)
    swarm_endpoint = providers.Singleton(
        SwarmEndpoint, downloads=downloads, trackers=trackers, web_seeds=web_seeds, peers=peers
    )
    banned_peers_endpoint = providers.Singleton(BannedPeersEndpoint, bans=bans)
