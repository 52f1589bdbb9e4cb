"""How the plugin's objects are put together."""

from dependency_injector import containers, providers

from triblerd_metadata.config import MetadataConfig
from triblerd_metadata.store import Metadata


class MetadataContainer(containers.DeclarativeContainer):
    """What this plugin is given (above) and what it makes of it (below)."""

    config = providers.Dependency(instance_of=MetadataConfig)
    metadata = providers.Dependency(instance_of=Metadata)
