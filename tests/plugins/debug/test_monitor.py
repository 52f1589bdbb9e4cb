"""``/debug/cpu/history`` and ``/debug/memory/history``: samples, few of them while the daemon rests."""

import time
from dataclasses import dataclass

import psutil
import pytest

from tests.plugins.downloads.conftest import service
from triblerd.testing import wait_for
from triblerd_debug.monitor import ResourceHistory, own_bytes
from triblerd_events.api import MonitorSettings


@dataclass
class Settings:
    enabled: bool = True
    poll_interval: float = 5.0


class Machine:
    """A process of which a test says how long it has run, and how much CPU that took."""

    def __init__(self) -> None:
        self.seconds = self.cpu = 100.0

    def history(self, settings: Settings) -> ResourceHistory:
        return ResourceHistory(lambda: settings, clock=lambda: self.seconds, cpu_clock=lambda: self.cpu)

    def run(self, seconds: float, cpu: float) -> None:
        self.seconds += seconds
        self.cpu += cpu


async def sampled(settings: Settings, cpu: float) -> ResourceHistory:
    """Return the history of a process that used ``cpu`` seconds in the ten between two samples."""
    machine = Machine()
    history = machine.history(settings)
    await history.sample()
    machine.run(10, cpu)
    await history.sample()
    return history


async def test_a_sample_tells_the_cpu_since_the_one_before_in_percent_of_a_core():
    history = await sampled(Settings(), cpu=15)

    first, second = history.cpu()
    assert (first.cpu, second.cpu) == (0.0, 150.0)
    assert second.time >= first.time


async def test_the_cpu_is_that_of_all_threads_of_this_process():
    history = ResourceHistory(Settings)
    await history.sample()
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass

    await history.sample()

    assert history.cpu()[-1].cpu > 0


async def test_memory_is_what_the_process_has_for_itself():
    history = ResourceHistory(Settings)

    await history.sample()

    (sample,) = history.memory()
    assert 1 << 20 < sample.mem <= psutil.Process().memory_info().rss + (8 << 20)


def test_the_last_thousand_samples_are_kept():
    history = ResourceHistory(Settings)

    for number in range(1003):
        history.record(number)

    assert [sample.mem for sample in history.memory()] == list(range(3, 1003))
    assert len(history.cpu()) == 1000


async def test_a_daemon_that_rests_is_woken_every_ten_seconds_at_most():
    assert ResourceHistory(Settings).pause() == 10
    assert (await sampled(Settings(), cpu=0.1)).pause() == 10


async def test_a_daemon_that_works_is_sampled_as_often_as_configured():
    assert (await sampled(Settings(), cpu=0.5)).pause() == 5


async def test_a_longer_interval_than_ten_seconds_is_kept_at_rest():
    history = ResourceHistory(lambda: Settings(poll_interval=60))

    assert history.pause() == 60


async def test_a_process_whose_own_memory_may_not_be_seen_tells_what_is_resident():
    class Forbidden(psutil.Process):
        def memory_full_info(self):
            raise psutil.AccessDenied

    assert own_bytes(Forbidden()) > 1 << 20


async def test_the_history_is_shown_and_begins_at_the_start(start_daemon):
    async with start_daemon("debug", "events") as daemon:

        async def samples():
            return (await daemon.get("/debug/cpu/history"))["cpu_history"]

        (cpu, *_) = await wait_for(samples)
        (memory, *_) = (await daemon.get("/debug/memory/history"))["memory_history"]

    assert cpu["cpu"] == 0.0
    assert memory["time"] == cpu["time"] == pytest.approx(time.time(), abs=60)
    assert memory["mem"] > 1 << 20


async def test_without_the_monitor_there_is_no_history(start_daemon):
    async with start_daemon("debug", "events", config={"resource_monitor": {"enabled": False}}) as daemon:
        assert await daemon.get("/debug/cpu/history") == {"cpu_history": []}
        assert await daemon.get("/debug/memory/history") == {"memory_history": []}


async def test_the_monitor_follows_its_settings_without_a_restart(start_daemon):
    async with start_daemon("debug", "events", "settings") as daemon:
        await daemon.post("/settings", json={"resource_monitor": {"enabled": False, "poll_interval": 77}})

        assert service(daemon, MonitorSettings).poll_interval == 77
        assert await daemon.get("/debug/cpu/history") == {"cpu_history": []}
