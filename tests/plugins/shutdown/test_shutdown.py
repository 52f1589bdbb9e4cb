import asyncio
import json

import pytest


async def test_the_daemon_answers_and_then_ends_with_status_0(daemon_process):
    async with daemon_process("shutdown") as daemon:
        assert await daemon.put("/shutdown") == {"shutdown": True}

        assert await daemon.wait_for_exit() == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\x00", b'{"restart": 7}'])
async def test_a_body_is_ignored_whatever_it_is(start_daemon, body):
    async with start_daemon("shutdown") as daemon:
        assert await daemon.put("/shutdown", data=body, params={"restart": "1"}) == {"shutdown": True}


async def test_a_second_call_answers_the_same_and_changes_nothing(start_daemon):
    async with start_daemon("shutdown") as daemon:
        assert await daemon.put("/shutdown") == {"shutdown": True}
        assert await daemon.put("/shutdown") == {"shutdown": True}

        await asyncio.wait_for(daemon.daemon.wait_stop_wanted(), 1)


@pytest.mark.parametrize("scope", ["read", "write"])
async def test_a_lesser_key_cannot_stop_the_daemon(start_daemon, scope):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": scope}}}}
    async with start_daemon("shutdown", config=config) as daemon:
        daemon.key = "guest-key"

        await daemon.put("/shutdown", status=403)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(daemon.daemon.wait_stop_wanted(), 0.05)


async def test_the_answer_has_a_length_and_is_json(start_daemon):
    async with start_daemon("shutdown") as daemon:
        answer = await daemon.request("PUT", "/shutdown")

    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)


async def test_a_client_that_does_not_wait_for_the_answer_stops_the_daemon_all_the_same(start_daemon):
    async with start_daemon("shutdown") as daemon:
        _, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
        writer.write(f"PUT /shutdown HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {daemon.key}\r\n\r\n".encode())
        writer.close()

        await asyncio.wait_for(daemon.daemon.wait_stop_wanted(), 5)


async def test_streams_hear_of_the_stop_and_end_soon(daemon_process):
    async with daemon_process("shutdown", "events") as daemon, daemon.stream() as stream:
        await stream.next("events_start")

        await daemon.put("/shutdown")

        assert json.dumps((await stream.next("tribler_shutdown_state"))["args"])
        with pytest.raises(EOFError):
            await stream.next("nothing")
        assert await daemon.wait_for_exit() == 0
