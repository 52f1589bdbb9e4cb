"""The hooks of the prometheus plugin."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import NoSettings
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Lifecycle, Measurements, PluginDirectory, Requests
from triblerd_prometheus import hookspecs
from triblerd_prometheus.endpoint import MetricsEndpoint
from triblerd_prometheus.kernel import KernelSource
from triblerd_prometheus.request_times import RequestTimes
from triblerd_prometheus.scraping import Scraper
from triblerd_prometheus.torrents import DownloadsSource, EngineSource


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "prometheus",
        "Serves the daemon's figures to Prometheus.",
        finds=("downloads", "libtorrent"),
        extra="prometheus",
        modules=("prometheus_client",),
    )


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins add figures."""
    add(hookspecs)


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/metrics``."""
    return [MetricsEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Measure requests, and answer, while the plugin runs."""
    from triblerd_prometheus.exposition import Exposition  # noqa: PLC0415 - imports what an extra brings

    times = RequestTimes()
    unlisten = context.service(Requests).listen(times.answered)
    kernel = KernelSource(
        lifecycle=context.service(Lifecycle),
        directory=context.service(PluginDirectory),
        measurements=context.service(Measurements),
    )
    scraper = Scraper(
        sources={
            "kernel": kernel.read,
            "requests": times.read,
            "downloads": DownloadsSource(context.services).read,
            "engine": EngineSource(context.services).read,
        },
        hooks=context.hooks,
    )
    yield Running(endpoints=[MetricsEndpoint(scrape=scraper.scrape, write=Exposition().write)])
    unlisten()
