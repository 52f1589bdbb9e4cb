"""The hooks of the statistics plugin."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

from triblerd.config import Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, FileRoots
from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine
from triblerd_statistics import hookspecs
from triblerd_statistics.api import DiskSpace
from triblerd_statistics.config import StatisticsConfig
from triblerd_statistics.disk_space import FileSystems
from triblerd_statistics.endpoint import StatisticsEndpoint
from triblerd_statistics.engine_meter import Engine, EngineMeter
from triblerd_statistics.transfers import Entry, TransferHistory


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Counts what the daemon and its plugins have done."
    return Manifest("statistics", summary, after=("libtorrent",))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return StatisticsConfig


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins tell what they count."""
    add(hookspecs)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/statistics``."""
    return [StatisticsEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[StatisticsConfig]) -> AsyncIterator[Running]:
    """Count while the plugin runs, and once more at the end."""

    def engine() -> Engine | None:
        sessions, counters = context.services.find(TorrentEngine), context.services.find(SessionDiagnostics)
        return (sessions, counters) if sessions and counters else None

    def destination() -> str | None:
        sections = context.service(Configuration).values()
        if not sections.get("downloads", {}).get("enabled"):
            return None
        folder = sections.get("download_defaults", {}).get("saveas")
        return str(Path(folder).expanduser()) if isinstance(folder, str) else None

    history = TransferHistory(
        view=context.store, table=await context.store.table("transfer", Entry), meter=EngineMeter(engine)
    )
    disks = FileSystems(roots=context.service(FileRoots), default=destination)
    await history.sample()
    context.tasks.every(context.config.sample_interval, "transfers", history.sample)
    yield Running(
        endpoints=[StatisticsEndpoint(hooks=context.hooks, history=history, disks=disks)], services={DiskSpace: disks}
    )
    await history.sample()
