"""The page as text, in two formats."""

import pytest

from tests.contrib.prometheus.page import OPENMETRICS, PLAIN, PROMETHEUS, Page
from triblerd.histogram import Distribution
from triblerd.metrics import Metric
from triblerd_prometheus.exposition import Exposition
from triblerd_prometheus.rules import checked

METRICS = [
    Metric("cups", "Cups: \\ and\nline ends.", {'a "cup"\n\\': 1, "": 2.5}, ("kind",)),
    Metric("washed_cups_total", "All cups.", 2**53),
    Metric("wait_seconds", "Waits.", Distribution(bounds=(0.5, 1), counts=(1, 0, 2), total=9.5, longest=5)),
]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (PROMETHEUS, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("text/html, application/openmetrics-text; version=1.0.0", OPENMETRICS),
        ("application/openmetrics-text; version=", OPENMETRICS),
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/plain; version=1.0.0", PLAIN),
        ("application/openmetrics-text; version=banana", PLAIN),
        ("application/openmetrics-text; version=99.0.0", PLAIN),
        (";;;,=,", PLAIN),
    ],
)
def test_both_formats_say_the_same(accept, media_type):
    body, written = Exposition().write(list(checked("x_", METRICS)), accept)

    page = Page(body.decode(), openmetrics=media_type == OPENMETRICS)
    assert written == media_type
    assert page.value("x_cups", kind='a "cup"\n\\') == 1
    assert page.value("x_cups", kind="") == 2.5
    assert page.value("x_washed_cups_total") == 2**53
    assert [page.value("x_wait_seconds_bucket", le=bound) for bound in ("0.5", "1.0", "+Inf")] == [1, 1, 3]
    assert (page.value("x_wait_seconds_sum"), page.value("x_wait_seconds_count")) == (9.5, 3)
