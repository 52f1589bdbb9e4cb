"""The process that hashes, and how it ends."""

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.plugins.createtorrent.conftest import hashing_processes, start_job, wait_for_state
from triblerd.testing import wait_for
from triblerd_createtorrent.api import FileError, HashingEndedError, NothingToHashError, SourceFile, TorrentRecipe


def recipe(*paths):
    return TorrentRecipe(name="x", files=tuple(SourceFile(os.fsencode(path), path.name) for path in paths))


async def test_its_errors_come_out_as_what_they_are(maker, files, tmp_path):
    folder = files({"empty": b""})

    with pytest.raises(NothingToHashError, match="invalid length of torrent"):
        await maker.make(recipe(folder / "empty"))
    with pytest.raises(FileError, match=f"Path does not exist: {tmp_path}/missing"):
        await maker.make(recipe(tmp_path / "missing"))


async def test_it_is_ended_with_the_task_that_waits_for_it(maker, huge):
    making = asyncio.ensure_future(maker.make(recipe(huge)))
    (process,) = await wait_for(hashing_processes)

    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    assert not process.is_running()
    assert hashing_processes() == []


async def test_its_violent_end_is_told(maker, huge):
    making = asyncio.ensure_future(maker.make(recipe(huge)))
    (process,) = await wait_for(hashing_processes)

    process.kill()

    with pytest.raises(HashingEndedError, match="The process that hashes was ended by SIGKILL"):
        await making


async def test_it_tells_how_far_it_is(maker, huge):
    told: asyncio.Queue[int] = asyncio.Queue()
    making = asyncio.ensure_future(maker.make(recipe(huge), told.put_nowait))

    first, second = await told.get(), await told.get()

    assert 0 <= first < second < huge.stat().st_size
    making.cancel()
    await asyncio.wait([making])


async def test_it_does_not_outlive_a_daemon_that_is_killed(daemon_process, huge):
    async with daemon_process("createtorrent") as daemon:
        await wait_for_state(daemon, await start_job(daemon, huge), "hashing")
        (process,) = await wait_for(lambda: hashing_processes(daemon.pid))

        daemon.kill()

        await wait_for(lambda: has_ended(process), what="the end of the process that hashes")
        await daemon.start()
        assert await daemon.get("/createtorrent/jobs") == {"jobs": []}


async def test_ctrl_c_is_the_daemons_alone(daemon_process, huge):
    async with daemon_process("createtorrent") as daemon:
        job = await start_job(daemon, huge)
        (process,) = await wait_for(lambda: hashing_processes(daemon.pid))
        await wait_for_progress(daemon, job)

        process.send_signal(signal.SIGINT)

        await wait_for_progress(daemon, job)
        assert os.getsid(process.pid) == process.pid  # a terminal signals its session
        assert await daemon.stop(by=signal.SIGINT) == 0
        assert has_ended(process)
        assert "Traceback" not in daemon.output


@pytest.mark.parametrize("sent", [b"", b"\0\0\1\0", b"\0\0\1\0half"])
def test_it_ends_without_a_word_when_the_daemon_ended_before_it(sent):
    command = [sys.executable, "-m", "triblerd_createtorrent.child"]

    ended = subprocess.run(command, input=sent, capture_output=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


async def wait_for_progress(daemon, job):
    path = f"/createtorrent/jobs/{job['id']}"
    before = (await daemon.get(path))["hashed"]

    async def has_gone_on():
        return (await daemon.get(path))["hashed"] > before

    await wait_for(has_gone_on)


def has_ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
