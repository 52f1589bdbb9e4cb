"""Metrics as text, by the client library of Prometheus, with the library's own figures of the process."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from triblerd.histogram import Distribution
from triblerd_prometheus.rules import Family

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text"
_VERSIONS = ("", "1.0.0")


class Exposition:
    """Writes figures down. Its registry is its own: the library's belongs to everybody."""

    def __init__(self) -> None:
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    def write(self, families: Sequence[Family], accept: str) -> tuple[bytes, str]:
        """Return the page and its media type. Reads files of the process; for a thread.

        Args:
            families: What else there is.
            accept: The header of that name. Whoever names OpenMetrics gets it, all others the older format.
        """
        page = _Page([*map(_metric, families), *self._process.collect()])
        if _names_openmetrics(accept):
            return openmetrics.generate_latest(page), openmetrics.CONTENT_TYPE_LATEST  # type: ignore[no-untyped-call]
        return generate_latest(page), PLAIN


class _Page:
    """What the library writes down: anything that it can collect from."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _names_openmetrics(accept: str) -> bool:
    # The library's own choice takes any version that a client invents, or fails over it.
    for offer in accept.split(","):
        media_type, *parameters = (part.strip() for part in offer.split(";"))
        version = next((text.removeprefix("version=") for text in parameters if text.startswith("version=")), "")
        if media_type == _OPENMETRICS and version in _VERSIONS:
            return True
    return False


def _metric(family: Family) -> Metric:
    if family.distributions:
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, figure in family.distributions:
            histogram.add_metric(labels, _buckets(figure), figure.total)
        return histogram
    kind = CounterMetricFamily if family.is_counter else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, number in family.numbers:
        metric.add_metric(labels, number)
    return metric


def _buckets(figure: Distribution) -> list[tuple[str, float]]:
    bounds = [*(str(float(bound)) for bound in figure.bounds), "+Inf"]
    return list(zip(bounds, accumulate(figure.counts), strict=True))
