"""The hooks of the knowledge plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("knowledge", "Remembers tags of torrents and other statements.", requires=("metadata",))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:  # noqa: ARG001
    """Remember while the plugin runs."""
    yield Running()
