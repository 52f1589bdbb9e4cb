"""The hooks of the engine's plugin."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import FileRoots
from triblerd_libtorrent import hookspecs
from triblerd_libtorrent.api import (
    CircuitFetcher,
    MetadataLookups,
    PeerBans,
    SessionDiagnostics,
    SessionRegistry,
    TorrentEngine,
    TorrentPieces,
    TorrentSources,
    TorrentStore,
    TorrentSwarm,
)
from triblerd_libtorrent.bans import open_bans
from triblerd_libtorrent.circuit_fetching import CircuitCourier
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.day_limits import RENEW_SECONDS
from triblerd_libtorrent.endpoint import LibtorrentEndpoint
from triblerd_libtorrent.engine import Engine
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.resume import open_stored_torrents
from triblerd_libtorrent.sources import Sources
from triblerd_libtorrent.swarm import Swarm

_TIDY_SECONDS = 60.0
_DHT_SECONDS = 1800.0  # neighbours in the DHT come and go, but most stay for hours


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest("libtorrent", "Runs the BitTorrent engine.")


@hookimpl
def triblerd_config() -> type[Section]:
    """Name the section."""
    return LibtorrentConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Name the routes."""
    return [LibtorrentEndpoint]


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins read further kinds of URIs."""
    add(hookspecs)


class LiveHooks:
    """What is called while the engine runs."""

    def __init__(self, engine: Engine, sources: Sources) -> None:
        self._engine = engine
        self._sources = sources
        self.checkpoint_interval = 0.0

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[LibtorrentConfig]) -> None:
        """Apply the new section."""
        self.checkpoint_interval = context.config.checkpoint_interval
        self._sources.fetch_timeout = context.config.fetch_timeout
        self._sources.accepts_bad_certificates = context.config.accept_bad_certificates
        self._engine.reconfigure(context.config)

    @hookimpl(optionalhook=True)
    def triblerd_listening_ports(self) -> Iterable[int]:
        """Name the ports where peers reach us."""
        return self._engine.sites.listening_ports()

    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        """Tell what the sessions have, and what of it waits to be saved."""
        torrents = self._engine.torrents
        held = Counter(torrent.hops for torrent in torrents)
        return {
            "torrents_by_hops": {hops: held[hops] for hops in self._engine.sessions()},
            "unsaved": sum(torrent.is_unsaved for torrent in torrents),
            "disk_errors": sum(bool(torrent.disk_error) for torrent in torrents),
            "lookups": self._engine.lookups.count,
        }


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[LibtorrentConfig]) -> AsyncIterator[Running]:
    """Open the sessions; save what changed and close them."""
    stored = await open_stored_torrents(context.store)
    bans = await open_bans(context.store)
    spawn = context.tasks.start
    recent = RecentMetainfo()
    engine = Engine(
        config=context.config,
        store=context.store,
        stored=stored,
        spawn=spawn,
        bans=bans,
        recent=recent,
        services=context.services,
    )
    courier = CircuitCourier(entered=engine.anonymous.entered, tunnels=engine.tunnels, sites=engine.sites)
    sources = Sources(
        engine=engine,
        roots=context.service(FileRoots),
        hooks=context.hooks,
        recent=recent,
        courier=courier,
        fetch_timeout=context.config.fetch_timeout,
        accepts_bad_certificates=context.config.accept_bad_certificates,
    )
    live = LiveHooks(engine, sources)
    live.checkpoint_interval = context.config.checkpoint_interval
    await engine.start()
    try:
        context.tasks.every(lambda: live.checkpoint_interval, "checkpoints", engine.checkpoint)
        context.tasks.every(_DHT_SECONDS, "dht", engine.keep_dht)
        context.tasks.every(RENEW_SECONDS, "limits", engine.keep_limits)
        context.tasks.every(_TIDY_SECONDS, "recent", recent.drop_old)
        yield Running(
            endpoints=[LibtorrentEndpoint(sessions=engine.sites)],
            services={
                TorrentEngine: engine,
                TorrentStore: stored,
                TorrentSwarm: Swarm(torrents=engine.torrents, bans=bans, spawn=spawn),
                PeerBans: bans,
                TorrentSources: sources,
                CircuitFetcher: courier,
                MetadataLookups: engine.lookups,
                TorrentPieces: engine.piece_access,
                SessionRegistry: engine.anonymous,
                SessionDiagnostics: engine.sites,
            },
            hooks=[live],
        )
    finally:
        await sources.close()
        await engine.stop()
