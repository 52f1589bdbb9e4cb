"""What plugins add by ``triblerd_metrics``, good and bad."""

import pytest

from tests.contrib.prometheus.page import read
from tests.kernel.conftest import write_plugin
from triblerd.histogram import Distribution
from triblerd.metrics import Figure, Metric
from triblerd_prometheus.rules import BrokenRuleError, checked

__all__ = ["write_plugin"]

SPREAD = Distribution(bounds=(0.1, 1), counts=(2, 3, 1), total=4.5, longest=2.5)
MIXED: dict[str, Figure] = {"green": 1, "red": SPREAD}
METER = """
    from triblerd.histogram import Histogram
    from triblerd.metrics import Metric

    class Meter:
        @hookimpl(optionalhook=True)
        def triblerd_metrics(self):
            {}

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        yield Running(hooks=[Meter()])
"""
GOOD = """
            times = Histogram((0.1, 1))
            for seconds in (0.05, 0.1, 0.5, 3):
                times.observe(seconds)
            yield Metric("greetings_total", "Greetings given.", 7)
            yield Metric("guests", 'Guests by "room".', {"hall": 3, "back\\nroom": 0.5}, ("room",))
            yield Metric("pairs", "Guests by two.", {("a", "b"): 1}, ("one", "other"))
            yield Metric("greeting_duration_seconds", "How long greetings took.", times.read())
            yield Metric("nothing", "There is nothing yet.", {}, ("room",))
"""


def meter(write_plugin, name, body):
    return write_plugin(name, METER.format(body.strip()))


async def test_a_plugin_adds_figures_under_its_own_name(start_daemon, write_plugin):
    plugin = meter(write_plugin, "hall", GOOD)
    async with start_daemon("prometheus", "hall", extra_plugins=[plugin]) as daemon:
        page = await read(daemon)

    assert page.value("triblerd_hall_greetings_total") == 7
    assert page.value("triblerd_hall_guests", room="hall") == 3
    assert page.value("triblerd_hall_guests", room="back\nroom") == 0.5
    assert page.value("triblerd_hall_pairs", one="a", other="b") == 1
    assert page.value("triblerd_hall_greeting_duration_seconds_bucket", le="0.1") == 2
    assert page.value("triblerd_hall_greeting_duration_seconds_bucket", le="1.0") == 3
    assert page.value("triblerd_hall_greeting_duration_seconds_bucket", le="+Inf") == 4
    assert page.value("triblerd_hall_greeting_duration_seconds_sum") == pytest.approx(3.65)
    assert page.value("triblerd_scrape_success", source="hall") == 1
    assert {family.name: family.type for family in page.families if "_hall_" in family.name} == {
        "triblerd_hall_greetings": "counter",
        "triblerd_hall_guests": "gauge",
        "triblerd_hall_pairs": "gauge",
        "triblerd_hall_greeting_duration_seconds": "histogram",
    }


BROKEN = {
    "cook": "return [Metric('cups', 'Cups.', 1), Metric('Cups', 'Cups.', 1)]",
    "twin": "return [Metric('cups', 'Cups.', 1), Metric('cups', 'Cups.', 1)]",
    "half": "return [Metric('cups', 'Cups.', 1), Metric('cups_total', 'All cups.', 1)]",
    "thief": "yield Metric('cups', 'Cups.', 1); raise OSError('no cups')",
    "child": "return 7",
    "crowd": "return [Metric('cups', 'Cups.', {str(n): n for n in range(1001)}, ('number',))]",
}


async def test_what_breaks_the_rules_is_left_out_and_complained_of_once(start_daemon, write_plugin, caplog):
    plugins = [meter(write_plugin, name, body) for name, body in {**BROKEN, "hall": GOOD}.items()]
    async with start_daemon("prometheus", "hall", *BROKEN, extra_plugins=plugins) as daemon:
        for _ in range(3):
            page = await read(daemon)

    assert {name for name in page.names if "cups" in name} == set()
    assert {name: page.value("triblerd_scrape_success", source=name) for name in BROKEN} == dict.fromkeys(BROKEN, 0)
    assert page.value("triblerd_hall_greetings_total") == 7
    complaints = [record.getMessage() for record in caplog.records if "are left out" in record.getMessage()]
    assert [name for name in BROKEN if sum(f"of {name} are" in text for text in complaints) != 1] == []


async def test_a_plugin_does_not_take_a_name_of_another(start_daemon, write_plugin):
    plugin = meter(write_plugin, "event", "return [Metric('listeners', 'Listeners.', 77)]")
    async with start_daemon("prometheus", "event", extra_plugins=[plugin]) as daemon:
        page = await read(daemon)

    assert page.value("triblerd_event_listeners") < 77
    assert page.value("triblerd_scrape_success", source="event") == 0


async def test_a_plugin_that_is_turned_off_takes_its_figures_along(start_daemon, write_plugin):
    plugin = meter(write_plugin, "hall", GOOD)
    async with start_daemon("prometheus", "hall", extra_plugins=[plugin]) as daemon:
        await daemon.patch("/plugins/hall", json={"enabled": False})
        page = await read(daemon)

    assert not [name for name in page.names if "_hall_" in name]


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (Metric("", "Cups.", 1), "no name of a metric"),
        (Metric("cupsOfTea", "Cups.", 1), "no name of a metric"),
        (Metric("cups__of_tea", "Cups.", 1), "no name of a metric"),
        (Metric("1cup", "Cups.", 1), "no name of a metric"),
        (Metric("cups\n", "Cups.", 1), "no name of a metric"),
        (Metric("cups_count", "Cups.", 1), "ends like a part of a metric"),
        (Metric("cups_bucket", "Cups.", 1), "ends like a part of a metric"),
        (Metric("cups", " ", 1), "has no help"),
        (Metric("cups", "Cups.", {"green": 1}, ("Colour",)), "no name of a label"),
        (Metric("cups", "Cups.", {"green": 1}, ("le",)), "no name of a label"),
        (Metric("cups", "Cups.", {("green", "red"): 1}, ("colour", "colour")), "a label twice"),
        (Metric("cups", "Cups.", {"green": 1}), "has the labels"),
        (Metric("cups", "Cups.", {("green", "large"): 1}, ("colour",)), "has the labels"),
        (Metric("cups", "Cups.", {3: 1}, ("colour",)), "has the labels"),  # type: ignore[arg-type]
        (Metric("cups", "Cups.", 1, ("colour",)), "has the labels"),
        (Metric("cups", "Cups.", {"green": "many"}, ("colour",)), "has the figure 'many'"),  # type: ignore[arg-type]
        (Metric("cups", "Cups.", MIXED, ("colour",)), "numbers and distributions"),
        (Metric("cups_total", "Cups.", SPREAD), "no counter"),
    ],
)
def test_a_metric_has_to_follow_the_rules(metric, reason):
    with pytest.raises(BrokenRuleError, match=reason):
        list(checked("triblerd_kitchen_", [metric]))


def test_the_series_of_a_distribution_are_counted_as_they_are_kept():
    metrics = [Metric(f"cups_{number}_seconds", "Cups.", SPREAD) for number in range(3)]  # 3 classes, sum and count

    assert len(list(checked("", metrics, most_series=15))) == 3
    with pytest.raises(BrokenRuleError, match="more than 14 series"):
        list(checked("", metrics, most_series=14))
