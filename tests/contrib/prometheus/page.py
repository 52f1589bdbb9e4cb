"""Reads ``/metrics`` as a program that watches the daemon does."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2 accepts."""


class Page:
    """The samples of one answer."""

    def __init__(self, text, *, openmetrics=False):
        self.families = list((read_openmetrics if openmetrics else text_string_to_metric_families)(text))
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    @property
    def names(self):
        """The names of all samples."""
        return {name for name, _ in self._samples}

    def value(self, name, **labels):
        """Return the value of exactly this series; ``None`` when it is not there."""
        return self._samples.get((name, frozenset(labels.items())))

    def labels(self, name):
        """Return the labels of each series of a sample."""
        return [dict(labels) for found, labels in self._samples if found == name]


async def read(daemon, **headers):
    """Return the page of a running daemon."""
    answer = await daemon.request("GET", "/metrics", headers=headers)
    assert answer.status == 200, answer.body
    return Page(answer.body.decode())
