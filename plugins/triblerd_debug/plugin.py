"""The hooks of the debug plugin."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Lifecycle, Measurements
from triblerd_debug import heap, hookspecs
from triblerd_debug.api import CircuitSlots
from triblerd_debug.endpoint import DebugEndpoint
from triblerd_debug.monitor import ResourceHistory
from triblerd_debug.profiler import Profiler, find_profiler
from triblerd_events.api import MonitorSettings
from triblerd_logging.api import LogReader, SecretMasker


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    # Without events the monitor has its usual settings.
    return Manifest("debug", "Shows the inside of the running daemon.", requires=("logging",), after=("events",))


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins report of their inside."""
    add(hookspecs)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/debug``."""
    return [DebugEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Watch the process while the plugin runs."""
    history = ResourceHistory(partial(context.services.find, MonitorSettings))
    profiler = Profiler(context.service(Lifecycle).log_file.parent, find_profiler)

    async def watch() -> None:
        while True:
            await history.sample()
            await asyncio.sleep(history.pause())

    context.tasks.start("monitor", watch())
    endpoint = DebugEndpoint(
        masker=context.service(SecretMasker),
        history=history,
        profiler=profiler,
        log_reader=context.service(LogReader),
        measurements=context.service(Measurements),
        hooks=context.hooks,
        slots=partial(context.services.find, CircuitSlots),
        publish=context.events.publish,
    )
    yield Running(endpoints=[endpoint])
    await profiler.close()
    heap.stop_tracing()
