"""The hooks of the ``hello`` area, and nothing else."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_hello.api import Greeted
from triblerd_hello.config import HelloConfig
from triblerd_hello.endpoint import HelloEndpoint
from triblerd_hello.greeter import Greeter, Tally


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest("hello", "Greets whoever asks.")


@hookimpl
def triblerd_config() -> type[Section]:
    """Name the section ``[hello]``."""
    return HelloConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Name the routes under ``/hello``."""
    return [HelloEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Name what is published."""
    return [Greeted]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[HelloConfig]) -> AsyncIterator[Running]:
    """Put the objects together, start the background task, and save once more at the end."""
    table = await context.store.table("tally", Tally)
    greeter = Greeter(config=context.config, table=table, events=context.events)
    context.tasks.every(lambda: greeter.config.save_interval, "save", greeter.save)
    yield Running(endpoints=[HelloEndpoint(greeter=greeter)], services={Greeter: greeter}, hooks=[greeter])
    await greeter.save()
