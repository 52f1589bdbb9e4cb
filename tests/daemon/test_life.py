"""How the program starts, takes changes and ends, as its owner and a service manager see it."""

import asyncio
import json
import os
import signal
import socket
import stat
import sys
import tomllib

import pytest

from triblerd.testing import wait_for

SETTINGS = "triblerd.conf"


async def run_program(state_dir, *arguments, limit_seconds=20, **environment):
    """Run the program until it ends by itself; return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "triblerd", "--state-dir", str(state_dir), *arguments),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(limit_seconds):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode, said.decode()


# -- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order(start_program, number):
    async with start_program() as daemon:
        assert await daemon.stop(10, by=number) == 0

        assert "Traceback" not in daemon.output
        assert not (daemon.state_dir / "triblerd.address").exists()
        assert (daemon.state_dir / "store" / "clean").exists()


async def test_a_second_signal_ends_it_at_once(start_program):
    async with start_program() as daemon:
        _, slow_client = await asyncio.open_connection("127.0.0.1", daemon.port)
        request = f"PUT /downloads HTTP/1.1\r\nHost: x\r\nX-Api-Key: {daemon.key}\r\nContent-Length: 99\r\n\r\nonly "
        slow_client.write(request.encode())  # the stop waits for the rest of it
        async with daemon.stream() as stream:
            os.kill(daemon.pid, signal.SIGTERM)
            await stream.next("tribler_shutdown_state")

            assert await daemon.stop(1, by=signal.SIGINT) == 128 + signal.SIGINT

        slow_client.close()
        await daemon.start()
        assert (await daemon.get("/downloads"))["checkpoints"]["all_loaded"]


# -- the service manager ---------------------------------------------------------------------------------------------


async def test_a_service_manager_hears_of_start_reload_and_end(start_program, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        loop = asyncio.get_running_loop()

        async def hears(beginning):
            async with asyncio.timeout(10):
                while not (line := await loop.sock_recv(manager, 100)).startswith(beginning):
                    assert line == b"WATCHDOG=1", line

        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        async with start_program("events", environment=environment) as daemon:
            await hears(b"READY=1")
            await hears(b"WATCHDOG=1")
            os.kill(daemon.pid, signal.SIGHUP)
            await hears(b"RELOADING=1\nMONOTONIC_USEC=")
            await hears(b"READY=1")
            assert await daemon.stop() == 0
            await hears(b"STOPPING=1")


# -- settings --------------------------------------------------------------------------------------------------------


async def test_the_first_start_writes_a_commented_file_with_a_key_for_its_owner_alone(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = await run_program(tmp_path / "state", "--port", str(port))

    file = tmp_path / "state" / SETTINGS
    assert status == 1
    assert f"api.http_port: port {port} on 127.0.0.1 is taken by another program" in said
    assert "Traceback" not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(tomllib.loads(file.read_text())["api"]["key"])) == 16
    assert file.read_text().count("\n#") > 20


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[api]\nhttp_port = 20100\nkey = \n", "line 3"),
        (b"[api\n", "line 1"),
        (b"[api]\nkey = 'a'\n[api]\n", "line 3"),
        (b"[api]\n# \xff\n", "utf-8"),
        (b"http_port = 5\n", "'http_port' stands outside of a section"),
    ],
)
async def test_a_broken_file_is_refused_with_line_and_reason_and_left_alone(tmp_path, text, reason):
    (tmp_path / SETTINGS).write_bytes(text)

    status, said = await run_program(tmp_path)

    assert status == 78
    assert str(tmp_path / SETTINGS) in said
    assert reason in said
    assert "Traceback" not in said
    assert (tmp_path / SETTINGS).read_bytes() == text
    assert not (tmp_path / "store").exists()


async def test_wrong_values_fall_back_one_by_one_and_the_first_client_hears_of_it(start_program):
    wrong = {"general": {"log_level": "loud", "log_count": 3}, "libtorrent": {"max_upload_rate": -7}}
    async with start_program(**wrong) as daemon:
        async with daemon.stream() as first:
            await first.next("events_start")
            report = await first.next()
        settings = (await daemon.get("/settings"))["settings"]

    copy = daemon.state_dir / f"{SETTINGS}.bad"
    assert report["topic"] == "report_config_error"
    for told in ("general.log_level", "libtorrent.max_upload_rate", str(copy)):
        assert told in report["args"][0]
        assert told in daemon.output
    assert (settings["general"]["log_level"], settings["general"]["log_count"]) == ("info", 3)
    assert settings["libtorrent"]["max_upload_rate"] == 0
    assert "loud" in copy.read_text()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_a_reload_takes_the_edited_file_and_refuses_a_broken_one(start_program):
    async with start_program() as daemon:
        file = daemon.state_dir / SETTINGS
        whole = file.read_text()
        file.write_text(whole.replace("[libtorrent]", "[libtorrent]\nmax_upload_rate = 12345"))
        os.kill(daemon.pid, signal.SIGHUP)

        async def rate():
            return (await daemon.get("/settings"))["settings"]["libtorrent"]["max_upload_rate"] == 12345

        await wait_for(rate, what="the edited setting")
        file.write_text("[libtorrent\n")
        os.kill(daemon.pid, signal.SIGHUP)
        await wait_for(lambda: "The settings are not reloaded" in daemon.output, what="the refusal")
        assert await rate()
        assert file.read_text() == "[libtorrent\n"

        file.write_text(whole + "\n[state]\nenabled = false\n" if "[state]" not in whole else without_state(whole))
        os.kill(daemon.pid, signal.SIGHUP)

        async def is_off():
            return (await daemon.request("GET", "/state")).status == 404

        await wait_for(is_off, what="the plugin to be off")


def without_state(text):
    head, _, tail = text.partition("[state]")
    return f"{head}[state]{tail.replace('enabled = true', 'enabled = false', 1)}"


# -- the environment -------------------------------------------------------------------------------------------------


async def test_the_variables_of_old_name_the_port_and_the_key(start_program):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {"CORE_API_PORT": str(port), "CORE_API_KEY": "from outside"}
    async with start_program("settings", environment=environment, api={"http_enabled": False}) as daemon:
        assert daemon.port == port
        await daemon.get("/settings", status=401)
        daemon.key = "from outside"
        assert (await daemon.get("/settings"))["ports"][0] == port
        stored = (daemon.state_dir / SETTINGS).read_text()

    assert "from outside" not in stored
    assert "http_enabled = false" in stored


async def test_the_state_directory_may_be_named_by_a_variable(tmp_path):
    broken = tmp_path / "named"
    broken.mkdir()
    (broken / SETTINGS).write_text("[")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "triblerd"),
        env={**os.environ, "TSTATEDIR": str(broken)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert process.returncode == 78
    assert str(broken / SETTINGS) in said.decode()


# -- one daemon on one directory -------------------------------------------------------------------------------------


async def test_a_second_program_is_refused_and_the_first_one_goes_on(start_program):
    async with start_program() as daemon:
        before = {path: path.read_bytes() for path in daemon.state_dir.iterdir() if path.is_file()}
        status, said = await run_program(daemon.state_dir, "--port", "0")

        assert status == 75
        assert f"Another daemon (process {daemon.pid}) uses the state directory {daemon.state_dir}" in said
        assert {path: path.read_bytes() for path in before} == before
        assert json.loads((daemon.state_dir / "triblerd.address").read_text())["pid"] == daemon.pid
        await daemon.get("/downloads")
