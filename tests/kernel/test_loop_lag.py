import asyncio
import time

import pytest

from triblerd.histogram import Histogram
from triblerd.loop_lag import BOUNDS, MeasuredLoop, lag_of


@pytest.fixture
def runner():
    with asyncio.Runner(loop_factory=MeasuredLoop) as runner:
        yield runner


def lag(runner):
    return lag_of(runner.get_loop()).read()


def test_a_turn_that_holds_the_loop_is_counted_with_its_length(runner):
    async def hold() -> None:
        await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251 - what is measured
        await asyncio.sleep(0)

    runner.run(hold())

    measured = lag(runner)
    assert measured.longest >= 0.05
    assert sum(measured.counts[BOUNDS.index(0.05) :]) >= 1
    assert measured.total >= measured.longest


def test_work_that_waits_behind_other_work_of_a_turn_is_late(runner):
    async def hold_twice() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(time.sleep, 0.03)
        loop.call_soon(time.sleep, 0.03)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    runner.run(hold_twice())

    assert lag(runner).longest >= 0.06


def test_waiting_for_a_timer_is_no_lag(runner):
    async def rest() -> None:
        await asyncio.sleep(0.2)

    began = time.perf_counter()
    runner.run(rest())
    elapsed = time.perf_counter() - began

    assert lag(runner).total < elapsed - 0.198  # the loop sleeps in whole milliseconds


def test_an_idle_loop_does_not_turn(runner):
    async def count_turns() -> int:
        before = lag(runner).count
        await asyncio.sleep(0.2)
        return lag(runner).count - before

    assert runner.run(count_turns()) <= 3


async def test_of_a_loop_of_others_nothing_is_known():
    assert lag_of(asyncio.get_running_loop()).read().count == 0


def test_a_duration_falls_in_the_class_that_its_upper_bound_names():
    histogram = Histogram([0.001, 0.01])

    for seconds in (0.0005, 0.001, 0.0011, 5.0):
        histogram.observe(seconds)

    read = histogram.read()
    assert (read.bounds, read.counts) == ((0.001, 0.01), (2, 1, 1))
    assert (read.count, read.longest, round(read.total, 4)) == (4, 5.0, 5.0026)
