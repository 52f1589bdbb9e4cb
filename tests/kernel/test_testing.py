"""What authors of plugins build their tests on."""

import asyncio

import pytest

from triblerd.events import ShutdownProgress
from triblerd.testing import wait_for

LAMP = """
    class Answer(msgspec.Struct):
        is_on: bool

    class Lamp(Endpoint):
        prefix = "/lamp"
        @route("GET", "")
        async def show(self) -> Answer:
            "Show the lamp."
            return Answer(is_on=True)

    @hookimpl
    def triblerd_endpoints():
        return [Lamp]

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        yield Running(endpoints=[Lamp()])
"""


async def test_only_the_named_plugins_run_and_what_they_require(start_daemon, write_plugin):
    plugins = [write_plugin("lamp", LAMP), write_plugin("room", 'REQUIRES = ("lamp",)'), write_plugin("attic")]

    async with start_daemon("room", extra_plugins=plugins) as daemon:
        states = {plugin["name"]: plugin["state"] for plugin in (await daemon.get("/plugins"))["plugins"]}

    assert states.pop("lamp") == states.pop("room") == "running"
    assert set(states.values()) == {"disabled"}


async def test_a_second_daemon_of_a_test_finds_what_the_first_one_left(start_daemon):
    async with start_daemon() as first:
        key = first.key

    async with start_daemon() as second:
        assert second.key == key
        assert second.state_dir == first.state_dir


async def test_a_request_with_an_unexpected_answer_fails_the_test_and_shows_it(start_daemon):
    async with start_daemon() as daemon:
        with pytest.raises(
            pytest.fail.Exception, match=r"GET /moon answered 404 instead of 200: .*Could not find /moon"
        ):
            await daemon.get("/moon")

        assert "Could not find /moon" in (await daemon.get("/moon", status=404))["error"]["message"]


async def test_events_on_the_bus_are_captured(start_daemon):
    async with start_daemon() as daemon:
        with daemon.events(ShutdownProgress) as events:
            await daemon.stop()

            assert isinstance(await events.next(), ShutdownProgress)


async def test_the_event_stream_is_read_message_by_message(start_daemon):
    async with start_daemon("events") as daemon, daemon.stream() as stream:
        first = await stream.next()

    assert first["topic"] == "events_start"


async def test_a_daemon_leaves_no_task_behind(start_daemon):
    before = asyncio.all_tasks()

    async with start_daemon("events", "settings", "state", "shutdown") as daemon:
        await daemon.get("/state")

    assert asyncio.all_tasks() == before


async def test_a_killed_process_starts_again_on_the_same_state(daemon_process):
    async with daemon_process("state") as daemon:
        pid = daemon.pid
        daemon.kill()
        await daemon.start()

        assert daemon.pid != pid
        assert (await daemon.get("/state"))["state"] == "STARTED"
        assert await daemon.stop() == 0


async def test_a_process_that_cannot_start_fails_the_test_with_its_output(daemon_process):
    with pytest.raises(pytest.fail.Exception, match=r"(?s)ended with 2 and said.*expected SECTION.KEY=VALUE"):
        async with daemon_process(arguments=["--set", "nonsense"]):
            pytest.fail("it started")


async def test_waiting_ends_with_the_first_true_answer():
    answers = iter([None, 0, "", "yes"])

    assert await wait_for(lambda: next(answers)) == "yes"


async def test_waiting_has_a_limit_and_tells_the_last_answer():
    async def count():
        return []

    with pytest.raises(TimeoutError, match=r"the count: still \[\] after 0.05 s"):
        await wait_for(count, 0.05, what="the count")
