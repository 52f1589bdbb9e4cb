"""``/logging/levels``: what is logged, changed while the daemon runs."""

import logging

import pytest

from triblerd.testing import wait_for

fan = logging.getLogger("triblerd.test.fan")


@pytest.fixture
def logged(daemon):
    """Tell whether a debugging message of the fan is logged."""

    async def is_logged():
        fan.debug("it turns")
        found = (await daemon.get("/logging?logger=triblerd.test.fan"))["records"]
        return bool(found)

    return is_logged


async def put(daemon, levels, **more):
    return await daemon.put("/logging/levels", json={"levels": levels, **more})


async def test_a_level_holds_for_a_logger_and_those_below_it_at_once(daemon, logged):
    assert not await logged()

    answer = await put(daemon, {"triblerd.test.fan": "debug"})

    assert await logged()
    assert answer == await daemon.get("/logging/levels")
    assert answer["levels"]["triblerd.test.fan"] == "debug"
    assert answer["levels"]["root"] == "info"
    assert answer["configured"] == {}
    assert {"root", "triblerd.test.fan", "triblerd.daemon"} <= set(answer["loggers"])


async def test_a_package_may_be_set_that_logs_nothing_itself(daemon, logged):
    await put(daemon, {"triblerd.test": "debug"})

    assert await logged()


async def test_the_root_stands_for_all_others(daemon, logged):
    await put(daemon, {"root": "debug"})

    assert await logged()


async def test_null_takes_back_what_the_settings_say(daemon, logged):
    await put(daemon, {"triblerd.test.fan": "debug", "root": "error"})

    answer = await put(daemon, {"triblerd.test.fan": None, "root": None})

    assert "triblerd.test.fan" not in answer["levels"]
    assert answer["levels"]["root"] == "info"
    assert not await logged()


async def test_levels_are_set_all_or_none(daemon):
    answer = await daemon.put(
        "/logging/levels", json={"levels": {"triblerd.test.fan": "debug", "triblerd.test.fam": "debug"}}, status=400
    )

    assert answer == {"error": "there is no logger 'triblerd.test.fam'; did you mean 'triblerd.test.fan'?"}
    assert "triblerd.test.fan" not in (await daemon.get("/logging/levels"))["levels"]


async def test_rubbish_is_refused(daemon):
    rubbish: list[object] = [{"root": "loud"}, {"root": 10}, {"root": ""}, {"": "debug"}, [], None]
    for levels in rubbish:
        await daemon.put("/logging/levels", json={"levels": levels}, status=400)
    await daemon.put("/logging/levels", json={}, status=400)

    assert (await daemon.get("/logging/levels"))["levels"]["root"] == "info"


async def test_levels_are_stored_only_when_that_is_wanted(start_daemon):
    async with start_daemon("logging") as daemon:
        await put(daemon, {"triblerd.test.fan": "debug", "root": "warning"})
    async with start_daemon("logging") as daemon:
        forgotten = await daemon.get("/logging/levels")
        await put(daemon, {"triblerd.test.fan": "debug", "root": "warning"}, store=True)
    async with start_daemon("logging") as daemon:
        stored = await daemon.get("/logging/levels")
        await put(daemon, {"triblerd.test.fan": None}, store=True)
        removed = await daemon.get("/logging/levels")

    assert "triblerd.test.fan" not in forgotten["levels"]
    assert stored["configured"] == {"triblerd.test.fan": "debug"}
    assert (stored["levels"]["triblerd.test.fan"], stored["levels"]["root"]) == ("debug", "warning")
    assert removed["configured"] == {}
    assert "triblerd.test.fan" not in removed["levels"]


async def test_configured_levels_are_taken_live(daemon):
    async def level():
        return (await daemon.get("/logging/levels"))["levels"].get("triblerd.test.fan")

    await daemon.post("/settings", json={"logging": {"levels": {"triblerd.test.fan": "error"}}})
    await wait_for(lambda: fan.level == logging.ERROR)
    assert await level() == "error"

    await daemon.post("/settings", json={"logging": {"levels": {}}})
    assert await level() is None


async def test_levels_end_with_the_plugin(daemon):
    await put(daemon, {"triblerd.test.fan": "debug"})

    await daemon.patch("/plugins/logging", json={"enabled": False})

    assert fan.level == logging.NOTSET
