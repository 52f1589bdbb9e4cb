"""The hooks of the upgrader plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


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
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Run."""
    del context
    yield Running()
