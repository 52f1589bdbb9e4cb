"""How the plugin's objects are put together."""

from dependency_injector import containers, providers

from triblerd.store import StoreView
from triblerd_libtorrent.api import SessionDiagnostics, SessionRegistry, TorrentEngine, TorrentSwarm
from triblerd_tunnels.book import Book
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.config import TunnelCommunity, TunnelsConfig
from triblerd_tunnels.exits import ExitCache
from triblerd_tunnels.forgeries import Forgeries
from triblerd_tunnels.hidden import HiddenSwarms
from triblerd_tunnels.reunion import Reunion
from triblerd_tunnels.sessions import TunnelSessions
from triblerd_tunnels.speed import SpeedTests
from triblerd_tunnels.tunnelling import Tunnelling
from triblerd_tunnels.view import View


class TunnelsContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=TunnelCommunity)
    own_config = providers.Dependency(instance_of=TunnelsConfig)
    community = providers.Dependency(instance_of=TunnelsCommunity)
    registry = providers.Dependency(instance_of=SessionRegistry)
    diagnostics = providers.Dependency(instance_of=SessionDiagnostics)
    engine = providers.Dependency(instance_of=TorrentEngine)
    peers = providers.Dependency(instance_of=TorrentSwarm)
    store = providers.Dependency(instance_of=StoreView)
    publish: providers.Dependency[object] = providers.Dependency()
    spawn: providers.Dependency[object] = providers.Dependency()
    default_hops: providers.Dependency[object] = providers.Dependency()

    book = providers.Singleton(Book, community=community, publish=publish, slots=config.provided.random_slots)
    sessions = providers.Singleton(
        TunnelSessions,
        community=community,
        registry=registry,
        diagnostics=diagnostics,
        engine=engine,
        spawn=spawn,
        least=config.provided.min_circuits,
        most=config.provided.max_circuits,
        ports=own_config.provided.socks_listen_ports,
    )
    hidden = providers.Singleton(HiddenSwarms, community=community, engine=engine, peers=peers, spawn=spawn)
    reunion = providers.Singleton(
        Reunion, community=community, sessions=sessions, engine=engine, peers=peers, spawn=spawn
    )
    exits = providers.Singleton(ExitCache, community=community, store=store)
    forgeries = providers.Singleton(Forgeries, community=community, engine=engine, reunion=reunion)
    tunnelling = providers.Singleton(
        Tunnelling,
        community=community,
        book=book,
        sessions=sessions,
        hidden=hidden,
        reunion=reunion,
        exits=exits,
        forgeries=forgeries,
    )
    speed = providers.Singleton(SpeedTests, community)
    view = providers.Singleton(
        View,
        community=community,
        book=book,
        speed=speed,
        sessions=sessions,
        default_hops=default_hops,
    )
