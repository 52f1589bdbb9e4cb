"""The hooks of the tunnels plugin."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import ModuleType

from triblerd.config import Section
from triblerd.events import Event
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration
from triblerd_debug.api import CircuitSlots
from triblerd_ipv8.api import RANDOM_WALK, Overlays, Walker
from triblerd_libtorrent.api import SessionDiagnostics, SessionRegistry, TorrentEngine, TorrentSwarm, Tunnels
from triblerd_tunnels import hookspecs
from triblerd_tunnels.api import CircuitBook, TunnelRemoved, TunnelView
from triblerd_tunnels.config import TunnelCommunity, TunnelsConfig

log = logging.getLogger(__name__)


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "tunnels",
        "Builds circuits of other peers for anonymous downloads and hidden seeding.",
        requires=("ipv8", "libtorrent"),
        after=("downloads", "bandwidth"),
        finds=("debug",),
        extra="overlay",
        modules=("ipv8",),
    )


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins keep accounts of circuits."""
    add(hookspecs)


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
async def triblerd_lifespan(context: PluginContext[TunnelsConfig]) -> AsyncIterator[Running]:
    """Take part while the plugin runs, if anything."""
    config = context.section(TunnelCommunity)
    if not config.enabled:
        yield Running()
        return
    await asyncio.to_thread(importlib.import_module, "triblerd_tunnels.container")
    from triblerd_tunnels.community import make_community  # noqa: PLC0415 - imports what an extra brings
    from triblerd_tunnels.container import TunnelsContainer  # noqa: PLC0415
    from triblerd_tunnels.culling import Culling  # noqa: PLC0415

    if config.exitnode_enabled:
        log.warning(
            "This node is an exit: traffic of strangers leaves from this machine, under its address. "
            "[tunnel_community] exitnode_enabled = false ends that"
        )
    settings = context.service(Configuration).values
    overlays = context.service(Overlays)
    community = overlays.join(
        partial(
            make_community,
            is_exit=config.exitnode_enabled,
            most_joined=context.config.max_joined_circuits,
            is_test_network=config.testnet or bool(settings().get("general", {}).get("testnet")),
        ),
        (*RANDOM_WALK, Walker(make=Culling, peers=-1)),
    )
    container = TunnelsContainer(
        config=config,
        own_config=context.config,
        community=community,
        registry=context.service(SessionRegistry),
        diagnostics=context.service(SessionDiagnostics),
        engine=context.service(TorrentEngine),
        peers=context.service(TorrentSwarm),
        store=context.store,
        publish=context.events.publish,
        spawn=context.tasks.start,
        default_hops=lambda: settings().get("download_defaults", {}).get("number_hops", 0),
    )
    tunnelling, book = container.tunnelling(), container.book()
    try:
        for _ in context.hooks.call_each("triblerd_circuits", book=book):
            pass
        tunnelling.start(context.tasks)
        yield Running(
            services={
                Tunnels: container.sessions(),
                CircuitBook: book,
                CircuitSlots: book,
                TunnelView: container.view(),
            },
            hooks=[tunnelling],
        )
    finally:
        try:
            await tunnelling.close()
        finally:
            await overlays.leave(community)
            await community.carrier.close()
