import pytest

from triblerd.plugin import hookimpl
from triblerd.services import Phase


class Reporter:
    def __init__(self, report: str | None) -> None:
        self._report = report

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str | None:
        return self._report


class BrokenReporter:
    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str | None:
        raise ValueError


async def test_a_started_daemon_has_nothing_more_to_say(start_daemon):
    async with start_daemon("state", "shutdown") as daemon:
        answer = await daemon.get("/state")

    assert answer["state"] == "STARTED"
    assert answer["last_exception"] is None
    assert answer["readable_state"] == ""
    assert answer["plugins"]["state"] == {"state": "running", "reason": "", "report": None}
    assert answer["plugins"]["shutdown"]["state"] == "running"
    assert answer["plugins"]["events"] == {
        "state": "disabled",
        "reason": "turned off in the configuration",
        "report": None,
    }


async def test_the_daemon_is_starting_while_something_still_loads(start_daemon):
    async with start_daemon("state") as daemon:
        lifecycle = daemon.daemon.container.lifecycle()
        lifecycle.started.clear()
        loading = lifecycle.loading("downloads")
        answer = await daemon.get("/state")
        assert (answer["state"], answer["readable_state"]) == ("STARTING", "Starting downloads...")

        loading.done()

        answer = await daemon.get("/state")
        assert (answer["state"], answer["readable_state"]) == ("STARTED", "")


async def test_an_unhandled_error_is_told_and_does_not_change_the_state(start_daemon):
    async with start_daemon("state") as daemon:
        daemon.daemon.container.reports().task_failed("a.task", ValueError("no such thing"))

        answer = await daemon.get("/state")

    assert (answer["state"], answer["last_exception"]) == ("STARTED", "ValueError: no such thing")


async def test_an_error_that_leaves_the_daemon_unusable_is_an_exception(start_daemon):
    async with start_daemon("state") as daemon:
        daemon.daemon.container.lifecycle().fatal_error = "the disk is gone"

        answer = await daemon.get("/state")

    assert (answer["state"], answer["last_exception"]) == ("EXCEPTION", "the disk is gone")


async def test_a_daemon_that_stops_keeps_its_last_state(start_daemon):
    async with start_daemon("state") as daemon:
        daemon.daemon.request_stop()
        assert daemon.daemon.container.lifecycle().phase is Phase.STOPPING

        assert (await daemon.get("/state"))["state"] == "STARTED"


@pytest.mark.parametrize("report", ["3 of 4 downloads loaded", None])
async def test_a_plugin_may_report_on_itself(start_daemon, report):
    async with start_daemon("state", "shutdown") as daemon:
        daemon.daemon.container.plugins().hooks.add("shutdown", Reporter(report))

        plugins = (await daemon.get("/state"))["plugins"]

    assert plugins["shutdown"]["report"] == report
    assert plugins["state"]["report"] is None


async def test_a_report_that_fails_is_left_out_and_blamed(start_daemon):
    async with start_daemon("state", "shutdown") as daemon:
        daemon.daemon.container.plugins().hooks.add("shutdown", BrokenReporter())

        plugins = (await daemon.get("/state"))["plugins"]

    assert plugins["shutdown"]["report"] is None
    assert plugins["state"]["state"] == "running"


async def test_who_tells_of_start_and_stop_is_there_before_and_after_all_others(start_daemon):
    wanted = ("state", "shutdown", "events", "downloads", "settings")
    async with start_daemon(*wanted) as daemon:
        order = [name for name in (await daemon.get("/state"))["plugins"] if name in {*wanted, "libtorrent"}]

    assert order == ["events", "shutdown", "state", "libtorrent", "downloads", "settings"]
