"""The hooks of the bandwidth plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings, Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_bandwidth.api import Ledger
from triblerd_bandwidth.config import BandwidthAccounting
from triblerd_bandwidth.container import BandwidthContainer
from triblerd_bandwidth.endpoint import BandwidthEndpoint
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.payer import StoredOffer
from triblerd_identity.api import NodeKey
from triblerd_ipv8.api import Overlays


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "bandwidth",
        "Keeps the ledger of what peers took from one another.",
        requires=("identity",),
        finds=("ipv8", "tunnels"),  # they stop first, and circuits that close then are still in the books
    )


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Own ``[bandwidth_accounting]``, as clients know it."""
    return {"bandwidth_accounting": BandwidthAccounting}


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/bandwidth``."""
    return [BandwidthEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Keep the ledger while the plugin runs, and exchange it with others while there is an overlay network."""
    config, key = context.section(BandwidthAccounting), context.service(NodeKey)
    ledger = await StoredLedger.open(context.store, key)
    container = BandwidthContainer(
        config=config,
        key=key,
        ledger=ledger,
        offers=await context.store.table("offer", StoredOffer),
        services=context.services,
        spawn=context.tasks.start,
    )
    membership, accountant = container.membership(), container.accountant()
    context.tasks.start("exchange", container.exchange().work())
    context.tasks.every(config.outgoing_query_interval, "query", membership.ask)
    hooks: list[object] = [membership]
    if config.payouts:
        accountant.begin()
        hooks.append(accountant)
    take_back = membership.begin(context.services.find(Overlays))
    try:
        yield Running(endpoints=[container.endpoint()], services={Ledger: ledger}, hooks=hooks)
    finally:
        take_back()
        accountant.close()
        await container.payer().put_off()
        await membership.leave()
