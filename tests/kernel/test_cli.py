"""The real program, without a daemon and beside a running one."""

import json
import os
import subprocess
import sys
import tomllib

import pytest


@pytest.fixture
def triblerd(tmp_path):
    """Run ``triblerd`` on the state directory of the test and return the finished process."""

    def run(*arguments, code=0, **environment):
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("TRIBLERD", "CORE_"))}
        done = subprocess.run(
            [sys.executable, "-m", "triblerd", "--state-dir", str(tmp_path / "state"), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env=surroundings | environment,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def settings(tmp_path):
    """Write ``triblerd.conf``."""

    def write(text):
        (tmp_path / "state").mkdir(exist_ok=True)
        (tmp_path / "state" / "triblerd.conf").write_text(text)

    return write


@pytest.fixture
def broken_plugin(tmp_path):
    """Install a plugin that cannot be imported; return the environment that has it."""
    information = tmp_path / "site" / "shaky-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shaky\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[triblerd]\nshaky = shaky\n")
    (tmp_path / "site" / "shaky.py").write_text("raise RuntimeError('the ground moves')\n")
    return {"PYTHONPATH": str(tmp_path / "site")}


def test_the_help_names_the_commands_of_plugins_and_what_is_missing(triblerd, broken_plugin):
    shown = triblerd("--help", **broken_plugin).stdout

    assert all(f"\n  {command} " in shown for command in ("add", "watch", "plugins", "check", "backup"))
    assert "The commands of the plugin shaky are missing: RuntimeError: the ground moves" in shown


def test_an_unknown_command_is_wrong_use(triblerd):
    assert "No such command 'frobnicate'" in triblerd("frobnicate", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--port", "1", "plugins"), "--port is of no use here: plugins does not take it."),
        (("--key", "k"), "--key is of no use here: it needs a command."),
        (("--set", "nonsense"), "nonsense: expected SECTION.KEY=VALUE"),
        (("--url", "somewhere", "plugins"), "somewhere is no address such as http://127.0.0.1:20100"),
        (("config", "get", "api.htp_port"), "Unknown setting: api.htp_port"),
        (("config", "set", "api.http_port=many"), "api.http_port: "),
        (("plugins", "enable", "download"), "There is no plugin download; did you mean 'downloads'?"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_was_wrong(triblerd, arguments, text):
    assert text in triblerd(*arguments, code=2).stderr


def test_without_a_daemon_a_command_says_where_it_looked(triblerd, tmp_path):
    said = triblerd("list", code=1).stderr

    assert f"No daemon runs on {tmp_path / 'state'}." in said


def test_a_daemon_that_cannot_be_reached_is_named(triblerd):
    assert (
        "The daemon at http://127.0.0.1:1 cannot be reached"
        in triblerd("list", TRIBLERD_URL="http://127.0.0.1:1", code=1).stderr
    )


def test_check_finds_everything_that_is_wrong_at_once(triblerd, settings, broken_plugin, tmp_path):
    settings('[api]\nhttp_prt = 1\n[stor]\n[general]\nlog_level = "loud"\n')

    problems = json.loads(triblerd("check", "--json", code=78, **broken_plugin).stdout)["problems"]

    path = tmp_path / "state" / "triblerd.conf"
    assert f"{path}: unknown setting api.http_prt; did you mean 'http_port'?" in problems
    assert f"{path}: unknown section [stor]; did you mean 'store'?" in problems
    assert any("general.log_level" in problem for problem in problems)
    assert "plugin shaky: RuntimeError: the ground moves" in problems


def test_check_finds_nothing_in_a_new_installation(triblerd):
    assert "No problems found" in triblerd("check", "--store").stdout


def test_a_broken_settings_file_is_a_wrong_configuration(triblerd, settings):
    settings("[api\n")

    for arguments in (["check"], ["config"], []):
        assert "line 1" in triblerd(*arguments, code=78).stderr


def test_settings_are_changed_in_the_file_while_no_daemon_runs(triblerd, tmp_path):
    triblerd("config", "set", "api.http_port=8085", "api.allowed_hosts=['box']", "general.testnet=yes")

    path = triblerd("config", "path").stdout.strip()
    stored = tomllib.loads((tmp_path / "state" / "triblerd.conf").read_text())
    assert path == str(tmp_path / "state" / "triblerd.conf")
    assert stored["api"]["http_port"] == 8085
    assert stored["api"]["allowed_hosts"] == ["box"]
    assert stored["general"]["testnet"] is True
    assert triblerd("config", "get", "api.http_port").stdout == "8085\n"


def test_secrets_are_hidden_unless_asked_for(triblerd, settings):
    settings('[api]\nkey = "wonderful"\n[api.keys.phone]\nkey = "marvellous"\n')

    shown = triblerd("config").stdout

    assert 'key = "***"' in shown
    assert "wonderful" not in shown
    assert "marvellous" not in shown
    assert triblerd("config", "get", "api.key").stdout == "wonderful\n"


def test_plugins_are_switched_in_the_file_while_no_daemon_runs(triblerd):
    triblerd("plugins", "disable", "downloads")

    rows = {row["name"]: row for row in json.loads(triblerd("plugins", "--json").stdout)}
    assert rows["downloads"]["state"] == "disabled"
    assert rows["libtorrent"]["state"] == "declared"
    assert "No such command 'list'" in triblerd("list", code=2).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(triblerd, shell):
    assert "_TRIBLERD_COMPLETE" in triblerd("completion", shell).stdout


def test_completion_offers_the_commands(triblerd):
    offered = triblerd(_TRIBLERD_COMPLETE="bash_complete", COMP_WORDS="triblerd pl", COMP_CWORD="1").stdout

    assert "plugins" in offered
