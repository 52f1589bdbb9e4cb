"""The hooks of the metadata plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Remembers torrents, channels and folders, and how healthy they are."
    return Manifest("metadata", summary, after=("libtorrent", "downloads", "torrentinfo", "createtorrent"))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:  # noqa: ARG001
    """Remember while the plugin runs."""
    yield Running()
