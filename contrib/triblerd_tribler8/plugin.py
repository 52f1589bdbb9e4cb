"""The hooks of the tribler8 plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_tribler8.areas import PARTS, SAME
from triblerd_tribler8.config import Tribler8Config
from triblerd_tribler8.downloads.asking import AskAddDownload
from triblerd_tribler8.parts import LiveSection


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "tribler8",
        "Serves programs that were written for version 8 of Tribler, below /api.",
        finds=(
            "createtorrent",
            "downloads",
            "events",
            "libtorrent",
            "logging",
            "metadata",
            "rss",
            "search",
            "torrentinfo",
            "tunnels",
            "upgrader",
            "versioning",
        ),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return Tribler8Config


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve what the dialect says in its own way."""
    return PARTS


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell web interfaces of what they shall ask the user."""
    return [AskAddDownload]


@hookimpl
def triblerd_aliases() -> Mapping[str, str]:
    """Serve the rest, too."""
    return SAME


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[Tribler8Config]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    parts = [part(context) for part in PARTS]
    for part in parts:
        await part.open()
    yield Running(endpoints=parts, hooks=[LiveSection(parts)])
