import asyncio
import socket
import time

import pytest

from triblerd.events import ShutdownProgress
from triblerd.testing import wait_for
from triblerd_events.api import EventStreams
from triblerd_events.streams import HEADERS


async def test_two_clients_hear_the_same(start_daemon):
    async with start_daemon("events") as daemon, daemon.stream() as first, daemon.stream() as second:
        for stream in (first, second):
            start = await stream.next()
            assert start["topic"] == "events_start"
            assert set(start["kwargs"]) == {"public_key", "version"}

        daemon.daemon.container.bus().publish(ShutdownProgress(state="not really"))

        for stream in (first, second):
            assert await stream.next() == {"topic": "tribler_shutdown_state", "args": ["not really"], "kwargs": {}}


async def test_the_service_counts_the_open_streams(start_daemon):
    async with start_daemon("events") as daemon:
        streams = daemon.daemon.container.services().find(EventStreams)
        assert streams is not None
        assert streams.count == 0

        async with daemon.stream() as stream:
            await stream.next()
            assert streams.count == 1


async def test_a_settings_problem_at_start_waits_for_the_first_stream(start_daemon):
    async with start_daemon("events", config={"resource_monitor": {"poll_interval": 0}}) as daemon:
        async with daemon.stream() as first:
            await first.next("events_start")
            report = await first.next()
        async with daemon.stream() as second:
            await second.next("events_start")
            daemon.daemon.container.bus().publish(ShutdownProgress(state="x"))
            following = await second.next()

    assert report["topic"] == "report_config_error"
    assert "resource_monitor.poll_interval" in report["args"][0]
    assert report["kwargs"] == {}
    assert following["topic"] == "tribler_shutdown_state"


async def test_an_unheard_error_waits_for_the_first_stream(start_daemon):
    async with start_daemon("events") as daemon:
        daemon.daemon.container.reports().task_failed("a.task", ValueError("no such thing"))

        async with daemon.stream() as stream:
            await stream.next("events_start")
            told = await stream.next()

    assert told["topic"] == "tribler_exception"
    assert "args" not in told
    assert told["kwargs"]["error"]["text"] == "no such thing"
    assert len(told["kwargs"]["error"]) == 8


async def test_head_ends_after_the_headers_and_opens_no_stream(start_daemon):
    async with start_daemon("events") as daemon:
        streams = daemon.daemon.container.services().find(EventStreams)

        answer = await asyncio.wait_for(daemon.request("HEAD", "/events"), 5)

        assert answer.status == 200
        assert {name.lower(): value for name, value in HEADERS.items()}.items() <= answer.headers.items()
        assert streams is not None
        assert streams.count == 0


async def test_a_stream_needs_a_key(start_daemon):
    async with start_daemon("events") as daemon:
        daemon.key = ""

        await daemon.get("/events", status=401)


@pytest.mark.parametrize("plugins", [("events",), ("events", "state")])
async def test_streams_end_within_a_second_when_the_plugin_stops(start_daemon, plugins):
    async with start_daemon(*plugins) as daemon, daemon.stream() as first, daemon.stream() as second:
        for stream in (first, second):
            await stream.next("events_start")
        began = time.monotonic()

        await daemon.patch("/plugins/events", json={"enabled": False})

        for stream in (first, second):
            with pytest.raises(EOFError):
                await stream.next("nothing")
        assert time.monotonic() - began < 1
        await daemon.get("/events", status=404)


async def test_a_client_that_does_not_read_does_not_hold_up_the_end(start_daemon):
    async with start_daemon("events") as daemon:
        with socket.create_connection(("127.0.0.1", daemon.port)) as client:
            client.sendall(f"GET /events HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {daemon.key}\r\n\r\n".encode())
            streams = daemon.daemon.container.services().find(EventStreams)
            await wait_for(lambda: streams is not None and streams.count == 1)
            for _ in range(900):
                daemon.daemon.container.bus().publish(ShutdownProgress(state="x" * 20_000))
            began = time.monotonic()

            await daemon.patch("/plugins/events", json={"enabled": False})

            assert time.monotonic() - began < 1


async def test_a_stream_opens_again_after_a_reload(start_daemon):
    async with start_daemon("events") as daemon:
        for _ in range(3):
            await daemon.patch("/plugins/events", json={"reload": True})

        async with daemon.stream() as stream:
            assert (await stream.next())["topic"] == "events_start"


async def test_the_disk_is_watched_while_the_plugin_runs(start_daemon):
    async with start_daemon("events") as daemon:
        plugin = await daemon.get("/plugins/events")

    assert [task["name"] for task in plugin["tasks"]] == ["events.disk-space"]
    assert plugin["topics"] == ["low_space"]
