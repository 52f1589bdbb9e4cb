"""The hooks of the tunnels plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import Section
from triblerd.events import Event
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_tunnels.api import TunnelRemoved
from triblerd_tunnels.config import TunnelCommunity, TunnelsConfig


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "tunnels",
        "Builds circuits of other peers for anonymous downloads and hidden seeding.",
        requires=("ipv8", "libtorrent"),
        after=("downloads",),
        finds=("debug",),
        extra="overlay",
        modules=("ipv8", "ipv8_rust_tunnels"),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section for what is not documented elsewhere."""
    return TunnelsConfig


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what is said of anonymous downloads."""
    return {"tunnel_community": TunnelCommunity}


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of circuits that are gone."""
    return [TunnelRemoved]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(_context: PluginContext[TunnelsConfig]) -> AsyncIterator[Running]:
    """Take part while the plugin runs."""
    yield Running()
