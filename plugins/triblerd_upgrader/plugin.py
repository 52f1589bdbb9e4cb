"""The hooks of the upgrader plugin."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import ModuleType

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, FileRoots, Lifecycle, Upgrades
from triblerd_upgrader import hookspecs
from triblerd_upgrader.api import StateImports, UpgraderDone, UpgraderFinished, UpgraderStarted, UpgraderTick
from triblerd_upgrader.config import UpgraderConfig
from triblerd_upgrader.foreign.container import ForeignContainer
from triblerd_upgrader.foreign.endpoint import ImportEndpoint
from triblerd_upgrader.foreign.report import Row, Run, Taken
from triblerd_upgrader.migrating.container import migrating
from triblerd_upgrader.migrating.endpoint import UpgraderEndpoint


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "upgrader",
        "Brings older and foreign states up to date.",
        finds=("libtorrent", "downloads", "identity", "metadata", "knowledge", "bandwidth"),
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
    """Serve ``/upgrader``, and ``/upgrader/import``."""
    return [UpgraderEndpoint, ImportEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of upgrades."""
    return [UpgraderStarted, UpgraderTick, UpgraderFinished, UpgraderDone]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``import`` and ``upgrade``."""
    from triblerd_upgrader.foreign.commands import COMMANDS as IMPORTING  # noqa: PLC0415 - not for the daemon
    from triblerd_upgrader.migrating.commands import COMMANDS as UPGRADING  # noqa: PLC0415

    return [*IMPORTING, *UPGRADING]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[UpgraderConfig]) -> AsyncIterator[Running]:
    """Upgrade what the kernel finds outdated, and import what other programs left."""
    migrations = migrating(context)
    upgrader = migrations.upgrader()
    foreign = ForeignContainer(
        state_dir=context.state_dir,
        store=context.store,
        runs=await context.store.table("import_run", Run),
        rows=await context.store.table("import_row", Row),
        taken=await context.store.table("import_taken", Taken),
        services=context.services,
        configuration=context.service(Configuration),
        roots=context.service(FileRoots),
        lifecycle=context.service(Lifecycle),
        tasks=context.tasks,
    )
    imports = foreign.imports()
    await imports.load()
    yield Running(
        endpoints=[UpgraderEndpoint(upgrader=upgrader), ImportEndpoint(imports=imports)],
        services={Upgrades: upgrader, StateImports: foreign.usual()},
        hooks=[migrations.backups()],
    )
