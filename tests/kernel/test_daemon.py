from triblerd.daemon import Daemon
from triblerd.options import RunOptions
from triblerd.plugin_discovery import find_plugins


async def test_wrong_words_of_the_command_line_are_reported_at_a_first_start_too(tmp_path):
    off: dict[str, dict[str, object]] = {plugin.name: {"enabled": False} for plugin in find_plugins()}
    wrong: dict[str, dict[str, object]] = {
        "general": {"log_count": "none"},
        "genral": {"log_count": 1},
        "api": {"http_port": 0},
    }
    daemon = Daemon(RunOptions(state_dir=tmp_path / "state", settings=off | wrong))

    await daemon.start()
    await daemon.wait_started()
    await daemon.stop()

    said = "".join(path.read_text() for path in (tmp_path / "state" / "log").iterdir())
    assert "general.log_count: expected int, got str" in said
    assert "unknown section [genral]; did you mean 'general'?" in said
