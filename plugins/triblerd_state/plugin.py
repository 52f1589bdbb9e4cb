"""The hooks of the state plugin."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Lifecycle, PluginDirectory
from triblerd_state import hookspecs
from triblerd_state.endpoint import StateEndpoint


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("state", "Tells whether the daemon has started and how its plugins are.", early=True)


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins report how they are."""
    add(hookspecs)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/state``."""
    return [StateEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    endpoint = StateEndpoint(
        lifecycle=context.service(Lifecycle), directory=context.service(PluginDirectory), hooks=context.hooks
    )
    yield Running(endpoints=[endpoint])
