"""The hooks of the shutdown plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Lifecycle
from triblerd_shutdown.endpoint import ShutdownEndpoint


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("shutdown", "Stops the daemon on a client's word.", early=True)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/shutdown``."""
    return [ShutdownEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    yield Running(endpoints=[ShutdownEndpoint(lifecycle=context.service(Lifecycle))])
