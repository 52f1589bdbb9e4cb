"""The hooks of the events plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings, Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Lifecycle
from triblerd_events.api import EventStreams, LowSpace, MonitorSettings
from triblerd_events.config import ResourceMonitor
from triblerd_events.disk_space import DiskWatch
from triblerd_events.endpoint import EventsEndpoint
from triblerd_events.streams import EventHub


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    # Clients hear of the others' stop.
    return Manifest("events", "Streams what happens to every client that listens.", early=True)


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own the section of the resource monitor, whose findings are events."""
    return {"resource_monitor": ResourceMonitor}


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/events``."""
    return [EventsEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Publish low disk space; all other events are somebody else's."""
    return [LowSpace]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Listen to the bus while the plugin runs."""
    hub = EventHub(version=context.service(Lifecycle).version)
    disk = DiskWatch(path=context.state_dir, config=context.section(ResourceMonitor), publish=context.events.publish)
    unlisten = context.events.listen(hub.hear)
    context.tasks.every(lambda: disk.poll_interval, "disk-space", disk.look)
    yield Running(
        endpoints=[EventsEndpoint(streams=hub)], services={EventStreams: hub, MonitorSettings: disk}, hooks=[disk, hub]
    )
    unlisten()
