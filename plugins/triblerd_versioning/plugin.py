"""The hooks of the versioning plugin."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import click

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, Lifecycle, PluginDirectory
from triblerd_versioning.api import NewVersion, UpdateCheck
from triblerd_versioning.checking import UpdateChecker
from triblerd_versioning.config import VersioningConfig
from triblerd_versioning.endpoint import VersionsEndpoint

_PAUSE_SECONDS = 6 * 3600.0


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "versioning",
        "Tells what runs here, whether there is something newer, and what can be taken over.",
        after=("events",),
        finds=("upgrader",),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return VersioningConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/versions``."""
    return [VersionsEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of newer releases."""
    return [NewVersion]


@hookimpl
def triblerd_commands() -> Iterable[click.Command]:
    """Add ``versions``."""
    from triblerd_versioning.commands import COMMANDS  # noqa: PLC0415 - the daemon does not need them

    return COMMANDS


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[VersioningConfig]) -> AsyncIterator[Running]:
    """Look for newer releases while the plugin runs, if there is somebody to ask."""
    lifecycle = context.service(Lifecycle)
    updates = UpdateChecker(
        config=context.config,
        version=lifecycle.version,
        configuration=context.service(Configuration),
        publish=context.events.publish,
    )

    async def look_again_and_again() -> None:
        while True:
            await updates.look()
            await asyncio.sleep(_PAUSE_SECONDS)

    if updates.has_source:
        context.tasks.start("look-for-releases", look_again_and_again())
    endpoint = VersionsEndpoint(
        lifecycle=lifecycle,
        directory=context.service(PluginDirectory),
        updates=updates,
        services=context.services,
    )
    yield Running(endpoints=[endpoint], services={UpdateCheck: updates})
