"""``/debug/profiler``: a profile of all threads, as a callgrind file."""

import re
from pathlib import Path

import pytest

from triblerd_debug.profiler import NoProfilerError, Profiler, find_profiler


def failed(code, message):
    return {"error": {"handled": True, "code": code, "message": message}}


def content_of(file):
    return Path(file).read_text()


def mode_of(file):
    return Path(file).stat().st_mode & 0o777


def functions_of(file):
    """Return the functions that a callgrind file names, with the last two parts of their files' paths."""
    profile = content_of(file)
    assert profile.startswith("version: 1\n")
    assert "\nevents: " in profile
    found = re.findall(r"^fn=\(\d+\) (.*) (\S+):\d+$", profile, re.MULTILINE)
    return {f"{'/'.join(Path(path).parts[-2:])} {name}" for name, path in found}


async def test_a_profile_is_a_callgrind_file_of_what_every_thread_did(daemon):
    assert await daemon.get("/debug/profiler") == {"state": "STOPPED"}

    assert await daemon.put("/debug/profiler") == {"success": True}
    assert await daemon.get("/debug/profiler") == {"state": "STARTED"}
    await daemon.get("/debug/open_files")
    answer = await daemon.delete("/debug/profiler")

    assert answer["success"] is True
    file = answer["profiler_file"]
    assert re.fullmatch(r".*/log/yappi_\d+\.\d{3}\.stats", file)
    assert mode_of(file) == 0o600
    assert functions_of(file) >= {
        "triblerd_debug/endpoint.py DebugEndpoint.open_files",  # a coroutine of the loop
        "triblerd_debug/process.py open_files",  # in a thread that was there before
    }
    assert await daemon.get("/debug/profiler") == {"state": "STOPPED"}


async def test_the_words_of_the_command_line_are_not_in_the_file(daemon):
    await daemon.put("/debug/profiler")
    answer = await daemon.delete("/debug/profiler")

    assert "cmd:" not in content_of(answer["profiler_file"])


async def test_a_profiler_that_runs_is_not_started_again(daemon):
    await daemon.put("/debug/profiler")

    assert await daemon.put("/debug/profiler", status=409) == failed("RuntimeError", "Profiler is already running")

    await daemon.delete("/debug/profiler")


async def test_a_profiler_that_does_not_run_is_not_stopped(daemon):
    assert await daemon.delete("/debug/profiler", status=409) == failed("RuntimeError", "Profiler is not running")


async def test_a_profile_that_cannot_be_written_is_told_and_the_next_one_goes_well(daemon):
    logs = daemon.state_dir / "log"
    await daemon.put("/debug/profiler")
    logs.rename(logs.with_name("elsewhere"))

    answer = await daemon.delete("/debug/profiler", status=500)

    assert answer["error"].startswith("The profile cannot be written to ")
    logs.with_name("elsewhere").rename(logs)
    await daemon.put("/debug/profiler")
    await daemon.delete("/debug/profiler")


async def test_a_profile_that_nobody_ended_is_written_when_the_daemon_stops(start_daemon):
    async with start_daemon("debug") as daemon:
        await daemon.put("/debug/profiler")

    assert len(list((daemon.state_dir / "log").glob("yappi_*.stats"))) == 1
    assert not find_profiler().is_running()


async def test_without_the_library_there_is_no_profiler(daemon_process, tmp_path):
    (tmp_path / "yappi.py").write_text("raise ImportError")  # as if it were not installed
    async with daemon_process("debug", environment={"PYTHONPATH": str(tmp_path)}) as daemon:
        assert await daemon.get("/debug/profiler") == {"state": "STOPPED"}
        for answer in (
            await daemon.put("/debug/profiler", status=501),
            await daemon.delete("/debug/profiler", status=501),
        ):
            assert answer == failed("NotImplementedError", "Profiler is not available")


async def test_the_missing_library_is_looked_for_when_a_profile_is_wanted(tmp_path):
    profiler = Profiler(tmp_path, lambda: None)

    with pytest.raises(NoProfilerError):
        profiler.start()
    with pytest.raises(NoProfilerError):
        await profiler.stop()
    await profiler.close()
