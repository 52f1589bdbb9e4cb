"""The hooks of the ipv8 plugin."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import Section
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_ipv8 import hookspecs
from triblerd_ipv8.config import Bootstrap, DiscoveryCommunity, Ipv8Config, OverlayDht


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "ipv8",
        "Takes part in the overlay network, and shows how it is.",
        requires=("identity",),
        extra="overlay",
        modules=("ipv8", "ipv8_rust_tunnels"),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have the documented section."""
    return Ipv8Config


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own what is said of the overlays that this plugin brings itself."""
    return {"discovery_community": DiscoveryCommunity, "dht": OverlayDht, "bootstrap": Bootstrap}


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins bring overlays."""
    add(hookspecs)


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(_context: PluginContext[Ipv8Config]) -> AsyncIterator[Running]:
    """Take part while the plugin runs."""
    yield Running()
