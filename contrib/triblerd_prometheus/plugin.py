"""The hooks of the prometheus plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("prometheus", "Serves the daemon's figures to Prometheus.")


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Run."""
    del context
    yield Running()
