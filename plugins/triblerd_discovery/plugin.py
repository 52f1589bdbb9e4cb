"""The hooks of the discovery plugin."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from triblerd import __version__
from triblerd.config import Section
from triblerd.events import Event
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_discovery.api import RemoteQueryEnded, RemoteQueryResults
from triblerd_discovery.config import (
    ContentDiscoveryCommunity,
    DiscoveryConfig,
    PopularityCommunity,
    RemoteQueryCommunity,
)
from triblerd_ipv8.api import Overlays
from triblerd_metadata.api import HealthUpdated, Lists, MetadataStore, TextIndex, WireRecords
from triblerd_search.api import RemoteSearch

_GOSSIP_SECONDS = 5.0
_MOST_ROWS = 100


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "discovery",
        "Searches at other peers, answers theirs, and gossips about torrents that are alive.",
        requires=("ipv8", "metadata"),
        after=("search",),
        extra="overlay",
        modules=("ipv8", "lz4"),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return DiscoveryConfig


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what is said of this overlay."""
    return {
        "content_discovery_community": ContentDiscoveryCommunity,
        "popularity_community": PopularityCommunity,
        "remote_query_community": RemoteQueryCommunity,
    }


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of answers to searches."""
    return [RemoteQueryResults, RemoteQueryEnded]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[DiscoveryConfig]) -> AsyncIterator[Running]:
    """Take part in the overlay while the plugin runs."""
    if not context.section(ContentDiscoveryCommunity).enabled:
        yield Running()
        return
    await asyncio.to_thread(importlib.import_module, "triblerd_discovery.container")  # takes its time
    from triblerd_discovery.container import DiscoveryContainer  # noqa: PLC0415 - imports what an extra brings

    limits = context.section(RemoteQueryCommunity)
    has_gossip = context.section(PopularityCommunity).enabled
    container = DiscoveryContainer(
        config=context.config,
        overlays=context.service(Overlays),
        store=context.service(MetadataStore),
        lists=context.service(Lists),
        records=context.service(WireRecords),
        text_index=partial(context.services.find, TextIndex),
        spawn=context.tasks.start,
        publish=context.events.publish,
        largest_block=context.section(ContentDiscoveryCommunity).maximum_payload_size,
        most_rows=min(limits.max_response_size, _MOST_ROWS),
        most_peers=limits.max_query_peers,
        version=f"triblerd {__version__}" if context.config.tell_version else "",
        with_gossip=has_gossip,
    )
    community = container.link()
    unlisten = context.events.listen(container.checked().heard, HealthUpdated)
    try:
        await asyncio.to_thread(container.checked().load)
        community.listen(container.exchange().received)
        if has_gossip:
            context.tasks.every(_GOSSIP_SECONDS, "gossip-rounds", container.gossip().round)
        yield Running(services={RemoteSearch: container.searches()}, hooks=[container.figures()])
    finally:
        unlisten()
        container.requests().close()
        await context.service(Overlays).leave(community)
