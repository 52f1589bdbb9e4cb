"""The hooks of the search plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import click

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_metadata.api import Lists, MetadataStore, TextIndex
from triblerd_search.api import RemoteSearch, TextSearch
from triblerd_search.container import SearchContainer
from triblerd_search.endpoint import SearchEndpoint
from triblerd_search.index import IndexState


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "search", "Finds torrents by the words of their titles.", requires=("metadata",), finds=("discovery",)
    )


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/search`` and what belongs to it."""
    return [SearchEndpoint]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``search``."""
    from triblerd_search.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Write the index along with the records, and search, while the plugin runs."""
    records = context.service(MetadataStore)
    container = SearchContainer(
        store=context.store,
        posting_table=await context.store.table("post", bytes),
        state_table=await context.store.table("state", IndexState),
        records=records,
        lists=context.service(Lists),
        remote=partial(context.services.find, RemoteSearch),
    )
    renewer, searcher = container.renewer(), container.searcher()
    records.follow(container.writer())
    try:
        await renewer.check()
        context.tasks.every(1.0, "renew", renewer.round)
        yield Running(
            endpoints=[container.endpoint()], services={TextIndex: searcher, TextSearch: searcher}, hooks=[renewer]
        )
    finally:
        await searcher.close()
