"""How the objects that upgrade are put together."""

from collections.abc import Callable
from pathlib import Path

from dependency_injector import containers, providers

from triblerd.events import Event
from triblerd.plugin import HookCaller, PluginContext
from triblerd.services import DataVersions, Lifecycle
from triblerd.store import StoreView
from triblerd_upgrader.config import UpgraderConfig
from triblerd_upgrader.migrating.backups import Backups
from triblerd_upgrader.migrating.upgrading import Upgrader


class MigratingContainer(containers.DeclarativeContainer):
    """What is given (above) and what is made of it (below)."""

    config = providers.Dependency(instance_of=UpgraderConfig)
    state_dir = providers.Dependency(instance_of=Path)
    store = providers.Dependency(instance_of=StoreView)
    versions: providers.Dependency[DataVersions] = providers.Dependency(instance_of=DataVersions)
    lifecycle: providers.Dependency[Lifecycle] = providers.Dependency(instance_of=Lifecycle)
    hooks: providers.Dependency[HookCaller] = providers.Dependency()
    publish: providers.Dependency[Callable[[Event], None]] = providers.Dependency()

    backups = providers.Singleton(
        Backups, state_dir=state_dir, store=store, versions=versions, kept=config.provided.backups_kept
    )
    upgrader = providers.Singleton(
        Upgrader, versions=versions, hooks=hooks, backups=backups, lifecycle=lifecycle, publish=publish
    )


def migrating(context: PluginContext[UpgraderConfig]) -> MigratingContainer:
    """Return the objects for what the kernel gave to the plugin."""
    return MigratingContainer(
        config=context.config,
        state_dir=context.state_dir,
        store=context.store,
        versions=context.service(DataVersions),
        lifecycle=context.service(Lifecycle),
        hooks=context.hooks,
        publish=context.events.publish,
    )
