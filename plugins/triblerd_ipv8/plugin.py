"""The hooks of the ipv8 plugin."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType
from typing import cast

from triblerd.config import Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Measurements
from triblerd_identity.api import OwnIdentity
from triblerd_ipv8 import hookspecs
from triblerd_ipv8.api import Overlays
from triblerd_ipv8.ciphers import provide_ciphers
from triblerd_ipv8.config import Bootstrap, DiscoveryCommunity, Ipv8Config, OverlayDht
from triblerd_ipv8.dht.endpoint import DhtEndpoint
from triblerd_ipv8.endpoint import OverlaysEndpoint
from triblerd_ipv8.loop.endpoint import LoopEndpoint
from triblerd_ipv8.pseudonyms.endpoint import AttestationEndpoint, IdentityEndpoint
from triblerd_ipv8.speed.endpoint import SpeedEndpoint
from triblerd_ipv8.tunnel.endpoint import TunnelEndpoint
from triblerd_tunnels.api import TunnelView

INTERFACES_SECONDS = 60.0
"""Between two looks at which addresses the machine has."""


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "ipv8",
        "Takes part in the overlay network, and shows how it is.",
        requires=("identity",),
        finds=("tunnels",),
        extra="overlay",
        modules=("ipv8",),
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
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/ipv8``."""
    return [
        OverlaysEndpoint,
        DhtEndpoint,
        LoopEndpoint,
        TunnelEndpoint,
        SpeedEndpoint,
        AttestationEndpoint,
        IdentityEndpoint,
    ]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[Ipv8Config]) -> AsyncIterator[Running]:
    """Take part while the plugin runs."""
    await asyncio.to_thread(_import_library)  # a quarter of a second
    from triblerd_ipv8.container import Ipv8Container  # noqa: PLC0415 - imports what an extra brings

    container = Ipv8Container(
        config=context.config,
        private_key=context.service(OwnIdentity).private,
        discovery=context.section(DiscoveryCommunity).enabled,
        dht=context.section(OverlayDht).enabled,
        measurements=context.service(Measurements),
        tunnels=partial(context.services.find, TunnelView),
        spawn=context.tasks.start,
    )
    node = container.node()
    try:
        await node.open()
        context.tasks.start("walk", node.walk())
        if not node.is_private:
            context.tasks.every(INTERFACES_SECONDS, "interfaces", node.look_for_interfaces)
        for _, leave in context.hooks.call_each("triblerd_overlays", overlays=node):
            node.when_stopping(cast("Callable[[], Awaitable[None]]", leave))
        yield Running(endpoints=container.endpoints(), services={Overlays: node}, hooks=[container.figures()])
    finally:
        container.inspection().close()
        await node.close()


def _import_library() -> None:
    provide_ciphers()
    importlib.import_module("triblerd_ipv8.container")
