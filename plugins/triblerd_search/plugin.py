"""The hooks of the search plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("search", "Finds torrents by the words of their titles.", requires=("metadata",))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:  # noqa: ARG001
    """Search while the plugin runs."""
    yield Running()
