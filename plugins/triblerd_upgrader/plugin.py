"""The hooks of the upgrader plugin."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import DataVersions, Lifecycle, Upgrades
from triblerd_upgrader import hookspecs
from triblerd_upgrader.api import UpgraderDone, UpgraderFinished, UpgraderStarted, UpgraderTick
from triblerd_upgrader.config import UpgraderConfig
from triblerd_upgrader.migrating.container import MigratingContainer
from triblerd_upgrader.migrating.endpoint import UpgraderEndpoint


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "upgrader",
        "Brings older and foreign states up to date.",
        finds=("libtorrent", "downloads", "metadata", "knowledge"),
        early=True,
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return UpgraderConfig


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins say what converts their older data."""
    add(hookspecs)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/upgrader``."""
    return [UpgraderEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of upgrades."""
    return [UpgraderStarted, UpgraderTick, UpgraderFinished, UpgraderDone]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[UpgraderConfig]) -> AsyncIterator[Running]:
    """Upgrade what the kernel finds outdated."""
    migrating = MigratingContainer(
        config=context.config,
        state_dir=context.state_dir,
        store=context.store,
        versions=context.service(DataVersions),
        lifecycle=context.service(Lifecycle),
        hooks=context.hooks,
        publish=context.events.publish,
    )
    upgrader = migrating.upgrader()
    yield Running(endpoints=[UpgraderEndpoint(upgrader=upgrader)], services={Upgrades: upgrader})
