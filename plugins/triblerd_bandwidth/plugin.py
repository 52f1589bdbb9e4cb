"""The hooks of the bandwidth plugin."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from triblerd.config import NoSettings, Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_bandwidth.api import Ledger
from triblerd_bandwidth.config import BandwidthAccounting
from triblerd_bandwidth.endpoint import BandwidthEndpoint
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_identity.api import NodeKey


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("bandwidth", "Keeps the ledger of what peers took from one another.", requires=("identity",))


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
    """Keep the ledger while the plugin runs."""
    key = context.service(NodeKey)
    ledger = await StoredLedger.open(context.store, key)
    yield Running(endpoints=[BandwidthEndpoint(ledger=ledger, key=key)], services={Ledger: ledger})
