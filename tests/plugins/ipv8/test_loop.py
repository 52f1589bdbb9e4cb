"""The routes that show the event loop."""

import asyncio
import logging

import pytest

from triblerd.testing import wait_for

INCORRECT = "incorrect parameters"


@pytest.fixture
async def daemon(start_overlay):
    return await start_overlay()


async def test_drift_is_measured_while_somebody_wants_it(daemon):
    off = await daemon.get("/ipv8/asyncio/drift", status=404)
    assert await daemon.put("/ipv8/asyncio/drift", json={"enable": True}) == {"success": True}

    async def measured():
        return (await daemon.get("/ipv8/asyncio/drift"))["measurements"]

    (first, *_) = await wait_for(measured, what="a measurement")
    assert await daemon.put("/ipv8/asyncio/drift", json={"enable": False}) == {"success": True}

    assert off == {"success": False, "error": "Core drift disabled."}
    assert first["timestamp"] > 1.7e9
    assert first["drift"] >= 0
    await daemon.get("/ipv8/asyncio/drift", status=404)


async def test_drift_is_turned_on_or_off(daemon):
    for body in [{}, {"enable": "perhaps"}, [], 5]:
        assert await daemon.put("/ipv8/asyncio/drift", json=body, status=400) == {"error": INCORRECT}


async def test_tasks_are_shown_with_what_they_belong_to(daemon):
    tasks = (await daemon.get("/ipv8/asyncio/tasks"))["tasks"]

    by_name = {(task.get("taskmanager"), task["name"]): task for task in tasks}
    walk = by_name["ipv8", "walk"]
    pings = by_name["DHTDiscoveryCommunity", "ping_all"]
    assert any("triblerd_ipv8.node" in frame for frame in walk["stack"])
    assert walk["start_time"] > 1.7e9
    assert pings["interval"] == 10
    assert pings["start_time"] > 1.7e9
    assert [task["running"] for task in tasks].count(True) == 1


async def test_the_loop_complains_while_it_is_debugged(daemon):
    assert await daemon.put("/ipv8/asyncio/debug", json={"slow_callback_duration": 0.01, "enable": True}) == {
        "success": True
    }
    logging.getLogger("asyncio").warning("something is slow")
    shown = await daemon.get("/ipv8/asyncio/debug")
    assert await daemon.put("/ipv8/asyncio/debug", json={"enable": False, "slow_callback_duration": 0.1}) == {
        "success": True
    }
    after = await daemon.get("/ipv8/asyncio/debug")

    assert {"message": "something is slow"} in shown["messages"]
    assert (shown["enable"], shown["slow_callback_duration"]) == (True, 0.01)
    assert after == {"messages": [], "enable": False, "slow_callback_duration": 0.1}


async def test_what_to_change_has_to_be_said(daemon):
    for body in [
        {},
        {"enable": "perhaps"},
        {"slow_callback_duration": -1},
        {"slow_callback_duration": "x"},
        {"other": 1},
        [],
    ]:
        answer = await daemon.put("/ipv8/asyncio/debug", json=body, status=400)

        assert answer == {"success": False, "error": INCORRECT}


async def test_debugging_ends_with_the_plugin(daemon):
    handlers = len(logging.getLogger("asyncio").handlers)
    await daemon.put("/ipv8/asyncio/debug", json={"enable": True})

    await daemon.patch("/plugins/ipv8", json={"enabled": False})

    assert len(logging.getLogger("asyncio").handlers) == handlers
    assert asyncio.get_running_loop().get_debug() is False


async def test_the_loop_is_for_administrators(start_daemon):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "write"}}}}
    async with start_daemon("ipv8", config=config) as daemon:
        daemon.key = "guest-key"

        await daemon.get("/ipv8/asyncio/tasks", status=403)
        await daemon.put("/ipv8/asyncio/debug", json={"enable": True}, status=403)
        await daemon.get("/ipv8/overlays")
