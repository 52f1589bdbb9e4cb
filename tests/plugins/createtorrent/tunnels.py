"""A plugin that bears the name of the tunnels and is not up: it opens no session."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl


@hookimpl
def triblerd_manifest() -> Manifest:
    return Manifest("tunnels", "Has no tunnels.")


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    del context
    yield Running()
