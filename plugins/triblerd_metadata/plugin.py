"""The hooks of the metadata plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_metadata.api import NodeKey, WireRecords
from triblerd_metadata.keys import load_key
from triblerd_metadata.receiving import PeerRecords


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Remembers torrents, channels and folders, and how healthy they are."
    return Manifest("metadata", summary, after=("libtorrent", "downloads", "torrentinfo", "createtorrent"))


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Remember while the plugin runs."""
    key = await load_key(context.store)
    yield Running(services={NodeKey: key, WireRecords: PeerRecords(own_key=key.public_key)})
