"""The real program beside a running daemon, and the daemon in the foreground."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def triblerd(tmp_path):
    """Run ``triblerd`` on the state directory of the test while the event loop goes on."""

    async def run(*arguments, code=0, **environment):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "triblerd", "--state-dir", str(tmp_path / "state"), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env=os.environ | environment,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


async def test_plugins_are_listed_and_switched_in_the_running_daemon(start_daemon, triblerd):
    async with start_daemon("state") as daemon:
        shown = await triblerd("plugins")
        await triblerd("plugins", "disable", "state")
        await daemon.get("/state", status=404)
        await triblerd("plugins", "enable", "state")
        await daemon.get("/state")
        reloaded = json.loads(await triblerd("plugins", "reload", "state", "--json"))

    assert ["state", "running"] in [line.split()[:2] for line in shown.splitlines()]
    assert [row["state"] for row in reloaded] == ["running"]


async def test_settings_are_read_from_and_changed_in_the_running_daemon(start_daemon, triblerd):
    async with start_daemon("settings") as daemon:
        await triblerd("config", "set", "general.log_count=7", "api.allowed_hosts=['box']")

        changed = (await daemon.get("/settings"))["settings"]
        assert changed["general"]["log_count"] == 7
        assert changed["api"]["allowed_hosts"] == ["box"]
        assert await triblerd("config", "get", "api.http_port_running") == f"{daemon.port}\n"
        assert "Unknown setting: general.log_cuont" in await triblerd("config", "set", "general.log_cuont=7", code=1)
        assert daemon.key not in await triblerd("config")


async def test_a_backup_is_written_while_the_daemon_runs(start_daemon, triblerd, tmp_path):
    target = tmp_path / "copy.mdb"

    async with start_daemon():
        done = json.loads(await triblerd("backup", str(target), "--json"))
        again = await triblerd("backup", str(target), code=1)

    assert done == {"path": str(target), "bytes": target.stat().st_size}
    assert "exists already" in again


async def test_a_backup_is_written_while_no_daemon_runs(start_daemon, triblerd, tmp_path):
    async with start_daemon():
        pass

    done = json.loads(await triblerd("backup", str(tmp_path / "copy.mdb"), "--json"))

    assert done["bytes"] > 0
    assert "No problems found" in await triblerd("check", "--store")


async def test_the_document_of_the_api_is_the_same_with_and_without_a_daemon(start_daemon, triblerd):
    async with start_daemon("events", "state"):
        running = json.loads(await triblerd("openapi"))

    stopped = json.loads(await triblerd("openapi"))

    assert running["openapi"].startswith("3.1")
    assert stopped["paths"] == running["paths"]


async def test_a_wrong_key_is_refused_in_one_sentence(start_daemon, triblerd):
    async with start_daemon() as daemon:
        assert f"The daemon at {daemon.url} refuses the key of --key" in await triblerd(
            "--key", "wrong", "plugins", code=1
        )


async def test_a_daemon_is_found_by_its_url_too(start_daemon, triblerd, tmp_path):
    async with start_daemon("state") as daemon:
        shown = await triblerd(
            "--state-dir", str(tmp_path / "elsewhere"), "plugins", TRIBLERD_URL=daemon.url, CORE_API_KEY=daemon.key
        )

    assert ["state", "running"] in [line.split()[:2] for line in shown.splitlines()]


async def test_what_the_daemon_does_not_offer_is_said(start_daemon, triblerd):
    async with start_daemon():
        said = await triblerd("config", code=1)

    assert "`triblerd plugins` shows what is turned off" in said


async def test_a_second_daemon_on_a_state_directory_ends_with_75(start_daemon, triblerd):
    async with start_daemon():
        said = await triblerd("--port", "0", code=75)

    assert f"Another daemon (process {os.getpid()})" in said


async def test_the_daemon_says_where_it_is_and_stops_on_a_signal(daemon_process, tmp_path):
    async with daemon_process(arguments=["--restapi", "0", "--set", "api.failed_attempts=3"]) as daemon:
        assert f"API   {daemon.url}\nDocs  {daemon.url}/docs\n" in daemon.output
        assert await daemon.stop(by=signal.SIGINT) == 0

    assert not (tmp_path / "state" / "triblerd.address").exists()


async def test_settings_are_at_hand_after_a_daemon_was_killed(daemon_process, triblerd):
    async with daemon_process() as daemon:
        os.kill(daemon.pid, signal.SIGKILL)
        end = os.P_PID, daemon.pid, os.WEXITED | os.WNOWAIT  # its number stays in use
        await asyncio.to_thread(os.waitid, *end)

        key = await triblerd("config", "get", "api.key")
        await triblerd("config", "set", "general.log_count=7")

        assert (daemon.state_dir / "triblerd.address").exists()
        assert key == f"{daemon.key}\n"
        assert await triblerd("config", "get", "general.log_count") == "7\n"


async def test_options_of_the_command_line_win_over_everything(daemon_process):
    options = ["--log-level", "error", "--set", "general.log_count=3", "--set", "api.failed_attempts=9"]
    environment = {"TRIBLERD_GENERAL__LOG_COUNT": "2", "TRIBLERD_GENERAL__LOG_SIZE": "5000", "CORE_API_PORT": "0"}

    async with daemon_process("settings", arguments=options, environment=environment) as daemon:
        settings = (await daemon.get("/settings"))["settings"]

    assert settings["general"]["log_level"] == "error"
    assert settings["general"]["log_count"] == 3
    assert settings["general"]["log_size"] == 5000
    assert settings["api"]["failed_attempts"] == 9
