"""How the plugin's objects are put together."""

from collections.abc import Callable, Coroutine

from dependency_injector import containers, providers

from triblerd.services import Measurements
from triblerd_ipv8.config import Ipv8Config
from triblerd_ipv8.dht.endpoint import DhtEndpoint
from triblerd_ipv8.dht.lookups import Lookups
from triblerd_ipv8.endpoint import OverlaysEndpoint
from triblerd_ipv8.figures import Figures
from triblerd_ipv8.loop.endpoint import LoopEndpoint
from triblerd_ipv8.loop.inspection import LoopInspection
from triblerd_ipv8.node import Node
from triblerd_ipv8.pseudonyms.endpoint import AttestationEndpoint, IdentityEndpoint
from triblerd_ipv8.speed.endpoint import SpeedEndpoint
from triblerd_ipv8.tunnel.endpoint import TunnelEndpoint
from triblerd_ipv8.views import NodeViews
from triblerd_tunnels.api import TunnelView

Spawn = Callable[[str, Coroutine[object, object, None]], object]


class Ipv8Container(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=Ipv8Config)
    private_key = providers.Dependency(instance_of=bytes)
    discovery = providers.Dependency(instance_of=bool)
    dht = providers.Dependency(instance_of=bool)
    measurements: providers.Dependency[Measurements] = providers.Dependency(instance_of=Measurements)
    tunnels: providers.Dependency[Callable[[], TunnelView | None]] = providers.Dependency()
    spawn: providers.Dependency[Spawn] = providers.Dependency()

    node = providers.Singleton(Node, config=config, private_key=private_key, discovery=discovery, dht=dht)
    figures = providers.Singleton(Figures, node)
    views = providers.Singleton(NodeViews, node)
    lookups = providers.Callable(lambda node: Lookups(node.parts.dht) if node.parts.dht else None, node)
    inspection = providers.Singleton(LoopInspection, measurements=measurements)
    endpoints = providers.List(
        providers.Singleton(OverlaysEndpoint, views=views),
        providers.Singleton(DhtEndpoint, dht=lookups, spawn=spawn),
        providers.Singleton(LoopEndpoint, walk=node, inspection=inspection),
        providers.Singleton(TunnelEndpoint, view=tunnels),
        providers.Singleton(SpeedEndpoint, view=tunnels),
        providers.Singleton(AttestationEndpoint),
        providers.Singleton(IdentityEndpoint),
    )
