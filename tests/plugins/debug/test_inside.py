"""``/debug``: memory, tasks, the loop, the bus, the store, slots of circuits, and what plugins report."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from triblerd.plugin import hookimpl
from triblerd_debug.api import CircuitSlots


class Reporter:
    def __init__(self, report: object) -> None:
        self._report = report

    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        return self._report  # type: ignore[return-value]


class BrokenReporter:
    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        raise ValueError


class Slots:
    """A tunnel's slots."""

    def random(self) -> Sequence[int | None]:
        return [None, 3140822941]

    def competing(self) -> Sequence[tuple[int, int | None]]:
        return [(0, None), (-52428800, 1849930021)]


@pytest.fixture
def add_reporter():
    """Let a running plugin report."""

    def add(daemon, owner, reporter):
        daemon.daemon.container.plugins().hooks.add(owner, reporter)

    return add


async def test_the_heap_is_told_by_type_the_largest_first(daemon):
    class Bell(msgspec.Struct, gc=True):
        other: object = None

    bells = [Bell(Bell()) for _ in range(20_000)]
    answer = await daemon.get("/debug/memory/heap?limit=5")

    sizes = [found["size"] for found in answer["types"]]
    assert len(sizes) == 5
    assert sizes == sorted(sizes, reverse=True)
    assert answer["objects"] > len(bells)
    assert answer["blocks"] > 0
    assert len(answer["generations"]) == 3
    assert answer["traced"] is None


async def test_traced_memory_is_told_by_line(daemon):
    assert await daemon.put("/debug/memory/tracing") == {"success": True}
    kept = [bytes(100_000) for _ in range(30)]
    answer = await daemon.get("/debug/memory/heap?limit=3")
    assert await daemon.delete("/debug/memory/tracing") == {"success": True}

    traced = answer["traced"]
    assert traced["current"] >= sum(map(len, kept))
    assert traced["peak"] >= traced["current"]
    assert traced["places"][0]["place"].startswith(f"{__file__}:")
    assert traced["places"][0]["size"] >= sum(map(len, kept))
    assert (await daemon.get("/debug/memory/heap"))["traced"] is None


async def test_a_heap_summary_has_a_limit(daemon):
    for limit in (0, 1001, "many"):
        answer = await daemon.get(f"/debug/memory/heap?limit={limit}", status=400)
        assert answer["error"].startswith("limit: ")


async def test_tasks_tell_where_they_wait(daemon):
    tasks = {task["name"]: task for task in (await daemon.get("/debug/tasks"))["tasks"]}

    monitor = tasks["debug.monitor"]
    assert monitor["owner"] == "debug"
    assert monitor["age_seconds"] >= 0
    assert any("triblerd_debug.plugin:" in frame for frame in monitor["frames"])
    assert tasks["debug.lifespan"]["owner"] is None


async def test_the_loop_tells_its_lag_of_every_turn(daemon_process):
    async with daemon_process("debug") as daemon:
        before = await daemon.get("/debug/loop")
        after = await daemon.get("/debug/loop")

    assert after["turns"] > before["turns"]
    lag = after["lag"]
    assert len(lag["counts"]) == len(lag["bounds"]) + 1
    assert sum(lag["counts"]) == after["turns"]
    assert 0 < lag["longest"] <= lag["total"]


async def test_the_bus_and_the_store_tell_what_they_did(daemon):
    events = (await daemon.get("/debug/bus"))["events"]
    store = (await daemon.get("/debug/store"))["store"]

    assert events["published"]["plugin_changed"] > 0
    assert store["file_size"] > 0
    assert store["commits"]["bounds"] == sorted(store["commits"]["bounds"])


async def test_while_the_tunnels_are_off_there_are_no_slots(daemon):
    assert await daemon.get("/debug/circuits/slots") == {"slots": {"random": [], "competing": []}}


async def test_the_slots_are_those_of_whoever_builds_tunnels(daemon):
    daemon.daemon.container.services().offer("tunnels", {CircuitSlots: Slots()})

    assert await daemon.get("/debug/circuits/slots") == {
        "slots": {"random": [None, 3140822941], "competing": [[0, None], [-52428800, 1849930021]]}
    }


async def test_a_plugin_reports_of_its_inside_without_secrets(start_daemon, add_reporter):
    async with start_daemon("debug", "state") as daemon:
        add_reporter(daemon, "state", Reporter({"waiting": 3, "url": f"http://host/?key={daemon.key}", "set": {1}}))
        add_reporter(daemon, "debug", Reporter({}))

        answer = await daemon.get("/debug/report")

    assert answer == {"reports": {"state": {"waiting": 3, "url": "http://host/?key=***", "set": [1]}, "debug": {}}}


async def test_the_engine_and_the_streams_report(start_daemon):
    async with start_daemon("debug", "libtorrent", "events") as daemon, daemon.stream():
        reports = (await daemon.get("/debug/report"))["reports"]

    assert reports["libtorrent"] == {"torrents_by_hops": {"0": 0}, "unsaved": 0, "disk_errors": 0, "lookups": 0}
    assert reports["events"]["streams"] == 1
    assert reports["events"]["most_waiting"] <= 1
    assert reports["events"]["undelivered"] == []


async def test_a_plugin_that_cannot_report_does_not_hide_the_others(start_daemon, add_reporter, caplog):
    async with start_daemon("debug", "state", "events", "settings") as daemon:
        add_reporter(daemon, "events", BrokenReporter())
        add_reporter(daemon, "settings", Reporter({"object": object()}))
        add_reporter(daemon, "debug", Reporter(7))
        add_reporter(daemon, "state", Reporter({"waiting": 3}))

        answer = await daemon.get("/debug/report")

    assert answer["reports"]["state"] == {"waiting": 3}
    assert "The plugin settings reports what is no JSON" in caplog.text


async def test_the_test_error_is_sent_to_every_stream_and_the_daemon_goes_on(start_daemon):
    async with start_daemon("debug", "events", "state") as daemon, daemon.stream() as one, daemon.stream() as two:
        assert await daemon.post("/debug/core_test_exception", data=b"{rubbish") == {"success": True}

        for stream in (one, two):
            event = await stream.next("tribler_exception")
            assert event["kwargs"]["error"] == {
                "type": "TriblerCoreTestException",
                "text": "Tribler Core Test Exception",
                "event": {},
                "additional_information": {},
                "long_text": "TriblerCoreTestException: Tribler Core Test Exception",
                "context": "{}",
                "last_core_output": "",
                "should_stop": True,
            }
        assert (await daemon.get("/state"))["state"] == "STARTED"
