"""The hooks of the channels plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_channels.endpoint import ChannelsEndpoint
from triblerd_identity.api import NodeKey
from triblerd_metadata.api import Lists, MetadataStore


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "channels", "Shows channels and folders to clients of version 7.13.", requires=("identity", "metadata")
    )


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/channels``."""
    return [ChannelsEndpoint]


@hookimpl
def triblerd_aliases() -> Mapping[str, str]:
    """Serve it under its other name, too, and what it shares with ``/metadata``."""
    popular = "/metadata/torrents/popular"
    return {
        "/channels/popular_torrents": popular,
        "/collections/popular_torrents": popular,
        "/collections": ChannelsEndpoint.prefix,
    }


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    endpoint = ChannelsEndpoint(
        records=context.service(MetadataStore), lists=context.service(Lists), key=context.service(NodeKey)
    )
    yield Running(endpoints=[endpoint])
