import pytest

from triblerd.plugin import hookimpl


@pytest.fixture
def text_of():
    """Return the text of a daemon's settings file."""
    return lambda daemon: (daemon.state_dir / "triblerd.conf").read_text()


async def test_every_section_stands_there_with_every_key(start_daemon):
    async with start_daemon("settings", "events") as daemon:
        answer = await daemon.get("/settings")

    assert set(answer) == {"settings", "ports"}
    settings = answer["settings"]
    assert settings["general"]["version_checker_enabled"] is True
    assert settings["general"]["testnet"] is False
    assert settings["chant"]["queried_peers_limit"] == 1000
    assert settings["resource_monitor"] == {
        "enabled": True,
        "cpu_priority": 1,
        "poll_interval": 5,
        "history_size": 20,
    }
    assert settings["upgrader_enabled"] is True
    assert settings["gui_test_mode"] is False


async def test_the_key_and_the_ports_in_use_are_shown(start_daemon):
    async with start_daemon("settings") as daemon:
        answer = await daemon.get("/settings")

        assert answer["settings"]["api"]["key"] == daemon.key
        assert answer["settings"]["api"]["http_port"] == 0
        assert answer["settings"]["api"]["http_port_running"] == daemon.port
        assert answer["settings"]["api"]["https_port_running"] == 0
        assert answer["ports"] == [daemon.port]


class Overlay:
    @hookimpl(optionalhook=True)
    def triblerd_listening_ports(self) -> list[int]:
        return [7759, -1, 0]


async def test_ports_of_other_plugins_stand_beside_those_of_the_api(start_daemon):
    async with start_daemon("settings") as daemon:
        daemon.daemon.container.plugins().hooks.add("overlay", Overlay())

        assert (await daemon.get("/settings"))["ports"] == sorted([7759, daemon.port])


@pytest.mark.parametrize("scope", ["read", "write"])
async def test_a_lesser_key_neither_sees_nor_changes_settings(start_daemon, scope):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": scope}}}}
    async with start_daemon("settings", config=config) as daemon:
        daemon.key = "guest-key"

        await daemon.get("/settings", status=403)
        await daemon.post("/settings", json={}, status=403)


async def test_a_change_is_stored_and_survives_a_restart(start_daemon, text_of):
    async with start_daemon("settings") as daemon:
        changes = {
            "chant": {"channels_dir": "/srv/\u2028 \x00 \n'\"", "enabled": "yes", "queried_peers_limit": "8090"},
        }
        assert await daemon.post("/settings", json=changes) == {"modified": True}
        assert "8090" in text_of(daemon)

    async with start_daemon("settings") as daemon:
        settings = (await daemon.get("/settings"))["settings"]

    assert settings["chant"]["channels_dir"] == "/srv/\u2028 \x00 \n'\""
    assert settings["chant"]["enabled"] is True
    assert settings["chant"]["queried_peers_limit"] == 8090
    assert settings["chant"]["max_mapped_query_peers"] == 3


async def test_an_empty_change_answers_like_any_other_and_writes_nothing(start_daemon, text_of):
    async with start_daemon("settings") as daemon:
        before = text_of(daemon)

        assert await daemon.post("/settings", json={}) == {"modified": True}
        assert await daemon.post("/settings", json={"chant": {}}) == {"modified": True}

        assert text_of(daemon) == before


async def test_a_client_may_post_the_whole_answer_back(start_daemon, text_of):
    async with start_daemon("settings", "events") as daemon:
        before = text_of(daemon)
        answer = await daemon.get("/settings")

        assert await daemon.post("/settings", json=answer["settings"]) == {"modified": True}

        assert text_of(daemon) == before
        assert await daemon.get("/settings") == answer


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"chant": {"chanels_dir": 1}}, "Unknown setting: chant.chanels_dir"),
        ({"chanty": {"port": 1}}, "Unknown section: chanty"),
        ({"chanty": {}}, "Unknown section: chanty"),
        ({"chant": 5}, "chant: expected an object with settings"),
        ({"chant": None}, "chant: expected an object with settings"),
        ({"chant": []}, "chant: expected an object with settings"),
        ({"upgrader_enabled": False}, "upgrader_enabled: cannot be changed"),
        ({"gui_test_mode": {}}, "gui_test_mode: cannot be changed"),
        ({"chant": {"queried_peers_limit": 2**20}}, "chant.queried_peers_limit: expected int <= 1000000"),
        ({"chant": {"queried_peers_limit": None}}, "chant.queried_peers_limit: expected int, got null"),
        ({"chant": {"queried_peers_limit": {"a": 1}}}, "chant.queried_peers_limit: expected int, got object"),
        ({"general": {"testnet": "perhaps"}}, "general.testnet: expected bool, got str"),
    ],
)
async def test_a_wrong_change_is_refused_as_a_whole(start_daemon, text_of, body, reason):
    async with start_daemon("settings") as daemon:
        before = text_of(daemon)

        answer = await daemon.post("/settings", json={"completion": {"at_once": 5}, **body}, status=400)

        assert answer == {"error": reason}
        assert text_of(daemon) == before
        assert (await daemon.get("/settings"))["settings"]["completion"]["at_once"] == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"1", b"\xff", b'{"a": NaN}', b"[" * 100_000])
async def test_a_body_that_is_no_object_is_bad_json(start_daemon, body):
    async with start_daemon("settings") as daemon:
        assert await daemon.post("/settings", data=body, status=400) == {"error": "Bad JSON"}


async def test_a_change_of_stored_settings_restarts_nothing(start_daemon):
    async with start_daemon("settings", "events") as daemon, daemon.stream() as stream:
        await stream.next("events_start")

        await daemon.post("/settings", json={"chant": {"enabled": False}, "resource_monitor": {"poll_interval": 1}})

        plugins = {plugin["name"]: plugin for plugin in (await daemon.get("/plugins"))["plugins"]}
        assert plugins["settings"]["state"] == plugins["events"]["state"] == "running"
        daemon.daemon.request_stop()
        assert (await daemon.get("/settings"))["settings"]["resource_monitor"]["poll_interval"] == 1


async def test_a_plugin_is_switched_by_its_section(start_daemon):
    async with start_daemon("settings", "state", "shutdown") as daemon:
        await daemon.post("/settings", json={"state": {"enabled": False}})
        await daemon.get("/state", status=404)

        await daemon.post("/settings", json={"state": {"enabled": True}})
        await daemon.get("/state")


async def test_the_settings_plugin_turns_itself_off(start_daemon):
    async with start_daemon("settings") as daemon:
        assert await daemon.post("/settings", json={"settings": {"enabled": False}}) == {"modified": True}

        await daemon.get("/settings", status=404)


@pytest.mark.parametrize("value", ["true", "1"])
async def test_variables_change_the_default_of_the_testnet_flags(daemon_process, value):
    names = ("TESTNET", "CHANT_TESTNET", "BANDWIDTH_TESTNET", "TRUSTCHAIN_TESTNET")
    config = {"trustchain": {"testnet": False}}
    environment = dict.fromkeys(names, value)
    async with daemon_process("settings", "identity", "bandwidth", config=config, environment=environment) as daemon:
        settings = (await daemon.get("/settings"))["settings"]

    assert settings["general"]["testnet"] is True
    assert settings["chant"]["testnet"] is True
    assert settings["bandwidth_accounting"]["testnet"] is True
    assert settings["trustchain"]["testnet"] is False  # the file wins
