"""``PUT /api/shutdown``: the end, or a new beginning in the same process."""

import asyncio
import socket
from pathlib import Path

import pytest

from triblerd.testing import wait_for


async def restarted(daemon, **call):
    """Restart a daemon by the API, and wait until it answers again."""
    address = daemon.state_dir / "triblerd.address"
    before = address.stat().st_ino, address.stat().st_mtime_ns

    assert await daemon.put("/api/shutdown?restart=1", **call) == {"shutdown": True}

    def is_new():
        return address.exists() and (address.stat().st_ino, address.stat().st_mtime_ns) != before

    await wait_for(is_new, 20)
    daemon.port = await wait_for(daemon._announced_port)
    await wait_for(daemon._is_started, 20)


def open_files(pid):
    """Return what a process has open beside its standard streams."""
    links = [link for link in Path(f"/proc/{pid}/fd").iterdir() if int(link.name) > 2]
    return [str(link.readlink()) for link in links if link.is_symlink()]


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_a_restart_keeps_the_process_and_the_state_and_hands_nothing_on(daemon_process):
    async with daemon_process("tribler8", "libtorrent", arguments=["--set", "general.log_level=warning"]) as daemon:
        pid, command = daemon.pid, command_of(daemon.pid)
        await daemon.post("/api/settings", json={"ui": {"theme": "dark"}})
        before = open_files(pid)

        await restarted(daemon, data=b"a body is ignored")
        after = open_files(pid)
        settings = (await daemon.get("/api/settings"))["settings"]

        assert (daemon.pid, command_of(pid)) == (pid, command)
        assert settings["ui"] == {"theme": "dark"}
        assert {file for file in before if file.startswith(("socket:", "pipe:"))}.isdisjoint(after)
        assert len(after) <= len(before)
        assert await daemon.stop() == 0


async def test_a_service_manager_sees_a_reload_and_not_an_end(daemon_process, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        async with daemon_process("tribler8", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as daemon:
            said = [manager.recv(200)]
            await restarted(daemon)
            for _ in range(3):
                async with asyncio.timeout(10):
                    said.append(await asyncio.get_running_loop().sock_recv(manager, 200))

    assert [line.partition(b"\n")[0] for line in said] == [b"READY=1", b"RELOADING=1", b"WATCHDOG=1", b"READY=1"]


async def test_who_wants_an_end_meanwhile_has_it(start_daemon):
    async with start_daemon("tribler8") as daemon:
        await daemon.put("/api/shutdown?restart=1")
        wanted = daemon.daemon.restarts
        await daemon.put("/api/shutdown")
        await daemon.put("/api/shutdown?restart=1")

        assert (wanted, daemon.daemon.restarts) == (True, False)


@pytest.mark.parametrize("value", ["2", "-1", "perhaps", "1.0", ""])
async def test_what_is_no_flag_stops_nothing(start_daemon, value):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.put("/api/shutdown", params={"restart": value}, status=400)

        assert answer == {"error": {"handled": True, "message": "restart: expected bool, got str"}}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(daemon.daemon.wait_stop_wanted(), 0.05)


async def test_a_lesser_key_stops_nothing(start_daemon):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "write"}}}}
    async with start_daemon("tribler8", config=config) as daemon:
        daemon.key = "guest-key"

        await daemon.put("/api/shutdown", status=403)
