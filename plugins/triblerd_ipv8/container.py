"""How the plugin's objects are put together."""

from dependency_injector import containers, providers

from triblerd_ipv8.config import Ipv8Config
from triblerd_ipv8.node import Node


class Ipv8Container(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=Ipv8Config)
    private_key = providers.Dependency(instance_of=bytes)
    discovery = providers.Dependency(instance_of=bool)
    dht = providers.Dependency(instance_of=bool)

    node = providers.Singleton(Node, config=config, private_key=private_key, discovery=discovery, dht=dht)
