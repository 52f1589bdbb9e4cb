import asyncio
import json
import logging
import os
import sys

import pytest

from triblerd.testing import wait_for
from triblerd_downloads.completion.jobs import Action, Job
from triblerd_downloads.completion.program import MOST_OUTPUT, ProgramError, environment_of, run_program
from triblerd_libtorrent.api import Infohash

INFOHASH = Infohash("ab" * 20)
JOB = Job(
    action=Action.PROGRAM,
    completed=1_700_000_000,
    name="a film; $(rm -rf /)",
    destination="/srv/films",
    size=5,
    category="films",
    tags=("new", "good"),
    attempts=2,
)


async def run(code, *arguments, limit_seconds=10):
    """Run a program in Python."""
    return await run_program([sys.executable, "-c", code, *arguments], INFOHASH, JOB, limit_seconds=limit_seconds)


async def test_a_program_gets_its_arguments_as_they_are_and_the_rest_by_its_environment(tmp_path):
    code = f"import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open({str(tmp_path / 'out')!r}, 'w'))"

    result = await run(code, "a b", "$HOME", "*")

    arguments, environment = json.loads((tmp_path / "out").read_text())
    assert result == "exit code 0"
    assert arguments == ["a b", "$HOME", "*"]
    assert {name: value for name, value in environment.items() if name.startswith("TRIBLERD_")} == {
        "TRIBLERD_INFOHASH": INFOHASH,
        "TRIBLERD_NAME": "a film; $(rm -rf /)",
        "TRIBLERD_DESTINATION": "/srv/films",
        "TRIBLERD_PATH": "/srv/films/a film; $(rm -rf /)",
        "TRIBLERD_SIZE": "5",
        "TRIBLERD_CATEGORY": "films",
        "TRIBLERD_TAGS": "new,good",
        "TRIBLERD_COMPLETED": "1700000000",
        "TRIBLERD_ATTEMPT": "2",
    }


def test_a_program_does_not_inherit_what_may_hold_keys():
    ours = {"TRIBLERD_API__KEY": "secret", "CORE_API_KEY": "secret", "NOTIFY_SOCKET": "/run/x", "PATH": "/bin"}

    environment = environment_of(INFOHASH, JOB, ours)

    assert environment["PATH"] == "/bin"
    assert not {"TRIBLERD_API__KEY", "CORE_API_KEY", "NOTIFY_SOCKET"} & environment.keys()


@pytest.mark.parametrize(
    ("code", "text"),
    [("raise SystemExit(3)", "ended with exit code 3"), ("import os; os.kill(os.getpid(), 9)", "ended by signal 9")],
)
async def test_another_end_than_0_is_a_failure(code, text):
    with pytest.raises(ProgramError, match=text):
        await run(code)


@pytest.mark.parametrize("arguments", [["/nowhere/program"], ["/etc"], ["a\0b"], [""]])
async def test_what_cannot_be_started_is_a_failure(arguments):
    with pytest.raises(ProgramError, match="cannot be started"):
        await run_program(arguments, INFOHASH, JOB, limit_seconds=10)


async def test_a_program_that_takes_too_long_ends_with_all_that_it_has_started(tmp_path):
    code = """if True:
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["/bin/sleep", "1000"])
        open(sys.argv[1], "w").write(str(child.pid))
        time.sleep(1000)
    """

    with pytest.raises(ProgramError, match="longer than 1 s"):
        await run(code, str(tmp_path / "pid"), limit_seconds=1)

    child = int((tmp_path / "pid").read_text())
    await wait_for(lambda: is_gone(child), what="the end of the program's child")


async def test_a_program_ends_when_nobody_waits_for_it_any_more(tmp_path):
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(1000)"
    task = asyncio.create_task(run(code, str(tmp_path / "pid")))
    pid = int(await wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert is_gone(pid)


async def test_what_a_program_says_is_logged_line_by_line_up_to_a_limit(caplog):
    caplog.set_level(logging.INFO)
    code = r"""if True:
        import sys
        print("one", flush=True)
        print("two\x1b[31m", file=sys.stderr, flush=True)
        print("x" * 3000)
        print("end", end="")
    """

    await run(code)
    few = [record.getMessage() for record in caplog.records]
    caplog.clear()
    await run("for n in range(100_000): print('a line of some length', n)")

    assert f"{INFOHASH}: one" in few
    assert f"{INFOHASH}: two\N{REPLACEMENT CHARACTER}[31m" in few
    assert f"{INFOHASH}: end" in few
    assert max(map(len, few)) < 1100
    assert sum(len(record.getMessage()) for record in caplog.records) < 4 * MOST_OUTPUT
    assert caplog.records[-1].getMessage() == f"{INFOHASH}: (more output is not logged)"


def is_gone(pid):
    """Return whether a process has ended, be it that nobody has asked how."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - a file of the kernel
        return file.read().rpartition(")")[2].split()[0] == "Z"
