import asyncio
import logging
import socket

from triblerd.events import (
    ConfigErrorReported,
    Event,
    PluginChanged,
    ShutdownProgress,
    UnhandledError,
    UnhandledErrorDetails,
)
from triblerd.testing import wait_for
from triblerd_events.streams import BATCH, QUEUE_LIMIT


class Strange(Event):
    topic = "strange"

    thing: object


def error(text: str) -> UnhandledError:
    return UnhandledError(error=UnhandledErrorDetails(type="OSError", text=text, long_text=text))


def step(number: int) -> ShutdownProgress:
    return ShutdownProgress(state=str(number))


async def test_a_stream_has_the_documented_headers_and_starts_at_once(served, read_messages):
    stream = await served.open()

    assert stream.status == 200
    assert stream.headers["Content-Type"] == "text/event-stream"
    assert stream.headers["Cache-Control"] == "no-cache"
    assert stream.headers["Connection"] == "keep-alive"
    assert stream.headers["Transfer-Encoding"] == "chunked"
    assert stream.headers["X-Accel-Buffering"] == "no"
    assert await read_messages(stream, 1) == [
        {"topic": "events_start", "kwargs": {"public_key": "", "version": "1.2.3"}}
    ]


async def test_each_stream_gets_each_event_in_order(served, read_messages):
    streams = [await served.open(), await served.open()]

    for number in range(3 * BATCH):
        served.hub.hear(step(number))

    for stream in streams:
        messages = await read_messages(stream, 3 * BATCH + 1)
        assert [message["args"][0] for message in messages[1:]] == [str(number) for number in range(3 * BATCH)]


async def test_events_without_an_open_stream_are_dropped_but_for_the_first_of_each_error(served, read_messages):
    for event in (step(1), error("first"), error("second"), ConfigErrorReported(error="a line")):
        served.hub.hear(event)

    first = await served.open()
    second = await served.open()
    served.hub.hear(step(2))

    topics = [message["topic"] for message in await read_messages(first, 4)]
    assert topics == ["events_start", "tribler_exception", "report_config_error", "tribler_shutdown_state"]
    assert [message["topic"] for message in await read_messages(second, 2)] == [
        "events_start",
        "tribler_shutdown_state",
    ]


async def test_the_kept_error_is_the_first_one_and_is_given_once(served, read_messages):
    served.hub.hear(error("first"))
    served.hub.hear(error("second"))
    stream = await served.open()
    assert (await read_messages(stream, 2))[1]["kwargs"]["error"]["text"] == "first"

    stream.close()
    await wait_for(lambda: served.hub.hear(step(0)) or served.hub.count == 0)
    again = await served.open()
    served.hub.hear(step(1))

    assert [message["topic"] for message in await read_messages(again, 2)] == [
        "events_start",
        "tribler_shutdown_state",
    ]


async def test_a_dead_client_is_noticed_at_a_write_and_the_others_go_on(served, read_messages):
    dead, alive = await served.open(), await served.open()
    assert served.hub.count == 2

    dead.close()
    await wait_for(lambda: served.hub.hear(step(0)) or served.hub.count == 1)

    assert len(await read_messages(alive, 2)) >= 2


async def test_dead_clients_are_forgotten_without_any_event_when_another_one_comes(served):
    for stream in [await served.open() for _ in range(5)]:
        stream.close()

    async def one_more_leaves_one() -> bool:
        async with served.session.get(f"http://127.0.0.1:{served.port}/events"):
            return bool(served.hub.count == 1)

    await wait_for(one_more_leaves_one)


async def test_a_client_that_does_not_read_is_disconnected_and_costs_no_further_memory(served, read_messages):
    alive = await served.open()
    with socket.create_connection(("127.0.0.1", served.port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await wait_for(lambda: served.hub.count == 2)
        long = ShutdownProgress(state="x" * 10_000)
        sent = 0

        while served.hub.count == 2 and sent < 4 * QUEUE_LIMIT:
            served.hub.hear(long)
            sent += 1
            await alive.content.readuntil(b"\n\n")

    assert QUEUE_LIMIT < sent < 4 * QUEUE_LIMIT
    served.hub.hear(step(7))
    assert (await read_messages(alive, 1))[-1]["topic"] == "tribler_shutdown_state"


async def test_an_event_that_has_no_json_form_is_logged_and_lost(served, read_messages, caplog):
    stream = await served.open()

    with caplog.at_level(logging.CRITICAL + 1, "triblerd_events.streams"):
        served.hub.hear(Strange(thing=object()))
    served.hub.hear(step(1))

    assert [message["topic"] for message in await read_messages(stream, 2)] == [
        "events_start",
        "tribler_shutdown_state",
    ]


async def test_each_dialect_encodes_an_event_once_and_sees_its_own_topics_only(served, read_messages):
    calls = []

    def loud(event: Event) -> bytes | None:
        calls.append(event.topic)
        return None if event.topic == "tribler_shutdown_state" else f"event: {event.topic}\n\n".encode()

    served.dialects["/loud"] = loud
    plain = await served.open()
    others = [await served.open("/loud"), await served.open("/loud")]
    calls.clear()

    served.hub.hear(step(1))
    served.hub.hear(PluginChanged(name="x", state="running", reason=""))

    assert calls == ["tribler_shutdown_state", "plugin_changed"]
    assert [message["topic"] for message in await read_messages(plain, 2)] == ["events_start", "tribler_shutdown_state"]
    for other in others:
        assert await other.content.readuntil(b"\n\n") == b"event: events_start\n\n"
        assert await other.content.readuntil(b"\n\n") == b"event: plugin_changed\n\n"


async def test_the_socket_of_a_stream_asks_the_system_to_look_for_dead_peers(served):
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await wait_for(lambda: served.hub.count == 1)
        local = f"{client.getsockname()[1]:04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: ASYNC230, PTH123 - not a file on a disk
            rows = [line.split() for line in table]
        timers = [row[5] for row in rows if row[2].endswith(f":{local}") and row[3] == "01"]

    assert [timer[:2] for timer in timers] == ["02"]  # the keepalive timer runs
    assert int(timers[0][3:], 16) <= 60 * 100  # hundredths of a second: not the system's two hours


async def test_a_stream_is_forgotten_when_its_request_is_cancelled(served):
    await served.open()

    for task in asyncio.all_tasks():
        if "RequestHandler" in repr(task.get_coro()):
            task.cancel()

    await wait_for(lambda: served.hub.count == 0)


async def test_a_dialect_may_break_long_silences_and_events_never_does(served):
    commented, silent = await served.open("/events?comment=0.05"), await served.open()
    async with asyncio.timeout(10):
        start = await commented.content.readuntil(b"\n\n")
        comments = [await commented.content.readuntil(b"\n\n") for _ in range(2)]
        served.hub.hear(step(1))
        after = await commented.content.readuntil(b"\n\n")
        while after == b": keepalive\n\n":
            after = await commented.content.readuntil(b"\n\n")
        await silent.content.readuntil(b"\n\n")
        said = await silent.content.readuntil(b"\n\n")

    assert start.startswith(b"data: ")
    assert comments == [b": keepalive\n\n"] * 2
    assert after == said == b'data: {"topic":"tribler_shutdown_state","args":["1"],"kwargs":{}}\n\n'


async def test_what_a_dialect_does_not_know_waits_for_the_first_stream_of_one_that_does(served, read_messages):
    served.dialects["/other"] = lambda event: None if isinstance(event, UnhandledError) else b"something\n\n"
    served.hub.hear(error("first"))
    other = await served.open("/other")
    stream = await served.open()

    assert (await other.content.readuntil(b"\n\n")) == b"something\n\n"
    assert (await read_messages(stream, 2))[1]["kwargs"]["error"]["text"] == "first"
