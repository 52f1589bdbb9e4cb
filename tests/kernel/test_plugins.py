"""The life of plugins, in real daemons with plugins that are written for the test."""

import asyncio

import pytest

from triblerd.testing import wait_for

FAN = """
    class Config(Section):
        speed: int = 3

    class Turned(Event):
        topic = "turned"

    class Answer(msgspec.Struct):
        speed: int

    class Fan(Endpoint):
        prefix = "/fan"
        def __init__(self, speed):
            self.speed = speed
            self.gate = asyncio.Event()
        @route("GET", "")
        async def show(self) -> Answer:
            "Show the fan."
            return Answer(speed=self.speed)
        @route("GET", "/slow")
        async def slow(self) -> Answer:
            "Show it after a while."
            await asyncio.sleep(0.3)
            return Answer(speed=self.speed)
        @route("GET", "/never")
        async def never(self) -> Answer:
            "Never show it."
            await asyncio.Event().wait()

    @hookimpl
    def triblerd_config():
        return Config

    @hookimpl
    def triblerd_endpoints():
        return [Fan]

    @hookimpl
    def triblerd_events():
        return [Turned]

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        async def turn():
            await asyncio.Event().wait()
        context.tasks.start("turns", turn())
        async with asyncio.TaskGroup():
            yield Running(endpoints=[Fan(context.config.speed)], services={Fan: "the fan"})
"""
NO_SCHEMA = """
    class Bad(Endpoint):
        @route("GET", "/bad")
        async def bad(self) -> set[asyncio.Queue]:
            "Answer what has no schema."

    @hookimpl
    def triblerd_endpoints():
        return [Bad]
"""
NEEDS_FAN = """
    REQUIRES = ("fan",)
"""


def state_of(daemon, name):
    return daemon.daemon.container.plugins().plugin(name).state


async def states(daemon):
    return {plugin["name"]: plugin["state"] for plugin in (await daemon.get("/plugins"))["plugins"]}


async def test_a_plugin_runs_with_its_route_topic_task_and_settings(start_daemon, write_plugin):
    async with start_daemon("fan", config={"fan": {"speed": 7}}, extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        assert await daemon.get("/fan") == {"speed": 7}
        shown = await daemon.get("/plugins/fan")

    assert shown["state"] == "running"
    assert shown["routes"] == ["GET /fan", "GET /fan/never", "GET /fan/slow"]
    assert shown["topics"] == ["turned"]
    assert [task["name"] for task in shown["tasks"]] == ["fan.turns"]
    assert shown["settings_schema"]["fan"]["properties"]["speed"]["default"] == 3


@pytest.mark.parametrize(
    ("source", "state", "reason"),
    [
        ("raise ImportError('no fan')", "failed_to_load", "ImportError: no fan"),
        ("@hookimpl\ndef triblerd_manifets(): pass", "failed_to_load", "there is no hook triblerd_manifets"),
        ("@hookimpl\ndef triblerd_config(speed): pass", "failed_to_load", "triblerd_config"),
        ("@hookimpl\ndef triblerd_manifest(): return Manifest('fam', '')", "failed_to_load", "the manifest says fam"),
        (
            "@hookimpl\ndef triblerd_manifest(): return Manifest('bad', '', api_version=9)",
            "failed_to_load",
            "version 9",
        ),
        ("@hookimpl\ndef triblerd_lifespan(context): raise OSError('stuck')", "failed", "OSError: stuck"),
        (
            NO_SCHEMA,
            "failed_to_load",
            "Queue",
        ),
        ("REQUIRES = ('engine',)", "unmet", "requires engine, which is not installed"),
        ("REQUIRES = ('bad',)", "unmet", "requires itself"),
        (
            "EXTRA, MODULES = 'gears', ('asyncio', 'no_gears')",
            "unmet",
            "requires the Python module no_gears, which is not installed: pip install '[gears]'",
        ),
    ],
)
async def test_one_broken_plugin_never_stops_the_daemon(start_daemon, write_plugin, source, state, reason):
    plugins = [write_plugin("bad", source), write_plugin("fan", FAN)]

    async with start_daemon("bad", "fan", extra_plugins=plugins) as daemon:
        shown = await daemon.get("/plugins/bad")
        assert await daemon.get("/fan") == {"speed": 3}

    assert shown["state"] == state
    assert reason in shown["reason"]


async def test_a_plugin_starts_once_what_its_extra_brings_was_installed(start_daemon, write_plugin):
    plugin = write_plugin("fan", FAN + "    MODULES = ('plugin_gears',)")
    async with start_daemon("fan", extra_plugins=[plugin]) as daemon:
        refusal = await daemon.get("/fan", status=503)
        write_plugin("gears")

        await daemon.patch("/plugins/fan", json={"reload": True})

        assert "unmet: requires the Python module plugin_gears" in refusal["error"]["message"]
        assert await daemon.get("/fan") == {"speed": 3}


async def test_a_plugin_with_a_wrong_setting_is_off_never_on_with_defaults(start_daemon, write_plugin):
    config = {"fan": {"speed": "fast"}}
    async with start_daemon("fan", config=config, extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        shown = await daemon.get("/plugins/fan")
        answer = await daemon.get("/fan", status=503)

    assert shown["state"] == "misconfigured"
    assert shown["reason"] == "fan.speed: expected int, got str"
    assert "misconfigured" in answer["error"]["message"]


async def test_a_plugin_whose_lifespan_fails_answers_503_with_the_reason(start_daemon, write_plugin):
    source = FAN + "\n    @hookimpl\n    def triblerd_lifespan(context):\n        raise OSError('jammed')\n"
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", source)]) as daemon:
        answer = await daemon.get("/fan", status=503)

    assert "failed" in answer["error"]["message"]
    assert "jammed" in answer["error"]["message"]


async def test_a_disabled_plugin_is_not_imported_and_has_no_routes(start_daemon, write_plugin):
    source = "raise SystemExit('imported')"
    async with start_daemon(config={"fan": {"enabled": False}}, extra_plugins=[write_plugin("fan", source)]) as daemon:
        assert (await daemon.get("/plugins/fan"))["state"] == "disabled"
        answer = await daemon.get("/fan", status=404)

    assert answer == {"error": {"handled": True, "message": "Could not find /fan"}}


async def test_a_contrib_plugin_runs_only_when_it_is_turned_on(start_daemon, write_plugin):
    lamp = write_plugin("lamp", group="triblerd.contrib")
    async with start_daemon(extra_plugins=[lamp]) as daemon:
        assert state_of(daemon, "lamp") == "disabled"
        assert (await daemon.patch("/plugins/lamp", json={"enabled": True}))["state"] == "running"


async def test_turning_a_plugin_off_takes_all_of_it_and_what_requires_it(start_daemon, write_plugin):
    plugins = [write_plugin("fan", FAN), write_plugin("cooler", NEEDS_FAN)]
    async with start_daemon("fan", "cooler", extra_plugins=plugins) as daemon:
        shown = await daemon.patch("/plugins/fan", json={"enabled": False})

        assert shown["state"] == "disabled"
        assert shown["routes"] == shown["tasks"] == shown["topics"] == []
        assert state_of(daemon, "cooler") == "unmet"
        await daemon.get("/fan", status=404)
        assert "/fan" not in (await daemon.get("/docs/openapi.json"))["paths"]
        assert "enabled = false" in (daemon.state_dir / "triblerd.conf").read_text()

        await daemon.patch("/plugins/fan", json={"enabled": True})

        assert await daemon.get("/fan") == {"speed": 3}
        assert state_of(daemon, "cooler") == "running"
        assert "/fan" in (await daemon.get("/docs/openapi.json"))["paths"]


async def test_the_routes_of_a_plugin_go_with_what_it_requires(start_daemon, write_plugin):
    plugins = [
        write_plugin("fan", FAN),
        write_plugin("cooler", NEEDS_FAN),
        write_plugin(
            "fridge", FAN.replace("/fan", "/fridge").replace('"turned"', '"cold"') + "    REQUIRES = ('cooler',)"
        ),
    ]
    async with start_daemon("fan", "cooler", "fridge", extra_plugins=plugins) as daemon:
        await daemon.patch("/plugins/fan", json={"enabled": False})

        assert (await daemon.get("/plugins/fridge"))["reason"] == "requires cooler, which is unmet"
        assert await daemon.get("/fridge", status=404) == {
            "error": {"handled": True, "message": "Could not find /fridge"}
        }
        assert "/fridge" not in (await daemon.get("/docs/openapi.json"))["paths"]

        await daemon.patch("/plugins/fan", json={"enabled": True})

        assert await daemon.get("/fridge") == {"speed": 3}
        assert "/fridge" in (await daemon.get("/docs/openapi.json"))["paths"]


async def test_a_reload_takes_new_settings(start_daemon, write_plugin):
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        path = daemon.state_dir / "triblerd.conf"
        path.write_text(
            path.read_text() + "\n[fan]\nspeed = 9\n"
            if "[fan]" not in path.read_text()
            else path.read_text().replace("[fan]", "[fan]\nspeed = 9")
        )

        await daemon.daemon.reload()

        assert await daemon.get("/fan") == {"speed": 9}


async def test_reloading_one_plugin_reads_the_file(start_daemon, write_plugin):
    async with start_daemon("fan", config={"fan": {"speed": 4}}, extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        path = daemon.state_dir / "triblerd.conf"
        path.write_text(path.read_text().replace("speed = 4", "speed = 5"))

        await daemon.patch("/plugins/fan", json={"reload": True})
        assert await daemon.get("/fan") == {"speed": 5}

        path.write_text("[fan\n")
        answer = await daemon.patch("/plugins/fan", json={"reload": True}, status=500)
        assert "was left as it is" in answer["error"]
        assert await daemon.get("/fan") == {"speed": 5}


async def test_a_broken_file_at_reload_changes_nothing(start_daemon, write_plugin):
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        path = daemon.state_dir / "triblerd.conf"
        path.write_text("[fan\n")

        await daemon.daemon.reload()

        assert await daemon.get("/fan") == {"speed": 3}
        assert path.read_text() == "[fan\n"


async def test_requests_in_flight_finish_while_their_plugin_stops(start_daemon, write_plugin):
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        slow = asyncio.create_task(daemon.get("/fan/slow"))
        await asyncio.sleep(0.1)

        await daemon.patch("/plugins/fan", json={"reload": True})

        assert await slow == {"speed": 3}


async def test_a_service_goes_with_its_plugin(start_daemon, write_plugin):
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", FAN)]) as daemon:
        services = daemon.daemon.container.services()
        (kind,) = [kind for kind in services._services if kind.__name__ == "Fan"]
        assert services.find(kind) == "the fan"

        await daemon.patch("/plugins/fan", json={"enabled": False})

        assert services.find(kind) is None


async def test_two_plugins_with_one_route_clash_and_the_later_one_is_off(start_daemon, write_plugin):
    plugins = [write_plugin("fan", FAN), write_plugin("fan2", FAN)]
    async with start_daemon("fan", "fan2", extra_plugins=plugins) as daemon:
        shown = await daemon.get("/plugins/fan2")
        assert await daemon.get("/fan") == {"speed": 3}

    assert shown["state"] == "failed_to_load"


async def test_a_running_plugin_takes_changed_settings_without_a_restart(start_daemon, write_plugin):
    source = (
        FAN
        + """
        @hookimpl
        def never_called(): pass

    class Live:
        def __init__(self, fan): self.fan = fan
        @hookimpl
        def triblerd_reconfigure(self, context):
            if context.config.speed > 100: raise ValueError("too fast")
            self.fan.speed = context.config.speed * 10

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        fan = Fan(context.config.speed)
        yield Running(endpoints=[fan], hooks=[Live(fan)])
    """.replace("        @hookimpl\n        def never_called(): pass\n", "")
    )
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", source)]) as daemon:
        configuration = daemon.daemon.container.configuration()

        await configuration.change({"fan": {"speed": 4}})
        assert await daemon.get("/fan") == {"speed": 40}

        await configuration.change({"fan": {"speed": 101}})  # its hook fails: the plugin is restarted
        assert await daemon.get("/fan") == {"speed": 101}


@pytest.mark.parametrize("body", [{}, {"enabled": True, "reload": True}, {"reload": False}])
async def test_a_switch_says_exactly_one_thing(start_daemon, body):
    async with start_daemon() as daemon:
        answer = await daemon.patch("/plugins/events", json=body, status=400)

    assert answer == {"error": "Say either enabled: true or false, or reload: true"}


async def test_an_unknown_plugin_is_named_with_the_nearest(start_daemon):
    async with start_daemon() as daemon:
        answer = await daemon.get("/plugins/evnets", status=404)

    assert answer == {"error": "There is no plugin evnets; did you mean 'events'?"}


async def test_a_plugin_that_fails_while_stopping_is_stopped_with_its_reason(start_daemon, write_plugin):
    source = """
    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        yield Running()
        raise OSError("stuck")
    """
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", source)]) as daemon:
        with daemon.events() as events:
            await daemon.patch("/plugins/fan", json={"reload": True})
            seen = [await events.next() for _ in range(2)]
        assert state_of(daemon, "fan") == "running"

    assert [(event.state, event.reason) for event in seen] == [("stopping", ""), ("stopped", "OSError: stuck")]


async def test_a_task_that_fails_is_told_to_clients(start_daemon, write_plugin):
    source = """
    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        async def fail():
            raise ZeroDivisionError("oops")
        context.tasks.start("fails", fail())
        yield Running()
    """
    async with start_daemon("fan", extra_plugins=[write_plugin("fan", source)]) as daemon:
        lifecycle = daemon.daemon.container.lifecycle()
        await wait_for(lambda: lifecycle.last_error == "ZeroDivisionError: oops")


async def test_a_plugin_names_aliases_for_the_routes_of_others(start_daemon, write_plugin):
    plugin = write_plugin(
        "other_words",
        """
        @hookimpl
        def triblerd_aliases():
            return {"/condition": "/state"}
        """,
    )
    async with start_daemon("state", "other_words", extra_plugins=[plugin]) as daemon:
        answers = await daemon.get("/condition"), await daemon.get("/state")
        view = await daemon.get("/plugins/other_words")

    assert answers[0].keys() == answers[1].keys()
    assert view["routes"] == ["GET /condition"]
