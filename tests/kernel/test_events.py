import asyncio
from typing import ClassVar

import pytest

from triblerd.events import ConfigErrorReported, Event, EventBus


class Rung(Event):
    topic: ClassVar[str] = "rung"

    times: int


@pytest.fixture
def bus():
    bus = EventBus()
    bus.declare("bell", [Rung])
    return bus


def test_every_listener_hears_events_in_order(bus):
    first: list[Event] = []
    second: list[Event] = []
    bus.listen(first.append)
    bus.listen(second.append, Rung)

    bus.publish(Rung(times=1))
    bus.publish(ConfigErrorReported(error="x"))
    bus.publish(Rung(times=2))

    assert [event.topic for event in first] == ["rung", "report_config_error", "rung"]
    assert second == [Rung(times=1), Rung(times=2)]


def test_an_event_that_nobody_declared_cannot_be_published(bus):
    bus.retract("bell")

    with pytest.raises(LookupError, match="Rung"):
        bus.publish(Rung(times=1))


def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(bus, caplog):
    def fail(_event: Event) -> None:
        raise ZeroDivisionError

    heard: list[Event] = []
    bus.listen(fail)
    bus.listen(heard.append)

    bus.publish(Rung(times=1))

    assert heard == [Rung(times=1)]
    assert "failed on the event rung" in caplog.text


def test_the_first_unheard_event_of_a_kept_type_waits_for_a_listener(bus):
    bus.publish(Rung(times=1))
    bus.publish(ConfigErrorReported(error="first"))
    bus.publish(ConfigErrorReported(error="second"))
    heard: list[Event] = []
    later: list[Event] = []

    bus.listen(heard.append)
    bus.listen(later.append)

    assert heard == [ConfigErrorReported(error="first")]
    assert later == []


def test_an_ended_listener_hears_nothing(bus):
    heard: list[Event] = []
    unlisten = bus.listen(heard.append)

    unlisten()
    unlisten()
    bus.publish(Rung(times=1))

    assert heard == []


async def test_a_full_subscription_loses_its_oldest_events_and_counts_them(bus):
    with bus.subscribe(Rung, limit=2) as subscription:
        for times in range(5):
            bus.publish(Rung(times=times))

        assert [await subscription.next(), await subscription.next()] == [Rung(times=3), Rung(times=4)]
        assert subscription.lost == 3


async def test_a_subscription_waits_for_what_comes(bus):
    with bus.subscribe(Rung) as subscription:
        asyncio.get_running_loop().call_soon(bus.publish, Rung(times=7))

        async for event in subscription:
            assert event == Rung(times=7)
            break
