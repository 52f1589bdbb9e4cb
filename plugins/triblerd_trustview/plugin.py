"""The hooks of the trustview plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd_bandwidth.api import Ledger
from triblerd_identity.api import NodeKey
from triblerd_trustview.endpoint import TrustviewEndpoint, TrustviewPage
from triblerd_trustview.view import KeptView


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("trustview", "Shows who helps whom, by the ledger.", requires=("identity", "bandwidth"))


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/trustview`` and its page."""
    return [TrustviewEndpoint, TrustviewPage]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Show the graph while the plugin runs."""
    view = KeptView(key=context.service(NodeKey), ledger=context.service(Ledger))
    yield Running(endpoints=[TrustviewEndpoint(view=view), TrustviewPage()])
