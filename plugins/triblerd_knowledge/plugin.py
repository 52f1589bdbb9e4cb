"""The hooks of the knowledge plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_identity.api import NodeKey
from triblerd_knowledge.api import Knowledge, Operations
from triblerd_knowledge.endpoint import KnowledgeEndpoint
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.tables import Tables
from triblerd_metadata.api import MetadataStore, Statements

_LOOK_SECONDS = 2.0
"""Pause between two looks whether the index by tags is whole, of microseconds each. Not only the start can find it in
pieces: a commit that was under way just then has told nobody.
"""


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("knowledge", "Remembers tags of torrents and other statements.", requires=("identity", "metadata"))


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/knowledge``."""
    return [KnowledgeEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Remember while the plugin runs."""
    metadata = context.service(MetadataStore)
    tables = await Tables.open(context.store, metadata)
    metadata.follow(tables.tags)
    context.tasks.every(_LOOK_SECONDS, "renew", tables.tags.renew)
    knowledge = KnowledgeBase(store=context.store, tables=tables, key=context.service(NodeKey))
    yield Running(
        endpoints=[KnowledgeEndpoint(knowledge=knowledge)],
        services={Knowledge: knowledge, Operations: knowledge, Statements: knowledge},
    )
