"""``triblerd upgrade``, with and without ``--dry-run``."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

from tests.plugins.upgrader.migrating.conftest import block
from tests.plugins.upgrader.migrating.shelf import KILLED_AT, release

HEADS = "PLUGIN  WHAT      VERSION  STEP"


@pytest.fixture
def run(state_dir, environment):
    """Run ``triblerd`` with a release of the shelf, and return what it printed: its answer, and its errors."""

    async def program(*words, code=0, **further):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "triblerd", "--state-dir", str(state_dir), *words],
            env={**os.environ, **environment, **further},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    return program


def content(state_dir):
    files = [state_dir / "triblerd.conf", state_dir / "store" / "data.mdb"]
    return [path.read_bytes() for path in files], sorted((state_dir / "backups").glob("upgrade-*"))


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(first_release, run):
    before = content(first_release)

    said, _ = await run("upgrade", "--dry-run")
    told, _ = await run("upgrade", "--dry-run", "--json")

    assert said.splitlines()[:5] == [
        HEADS,
        "shelf   settings  1 to 2   says color",
        "shelf   settings  2 to 3   gives the limit in seconds",
        "shelf   store     1 to 2   counts words",
        "shelf   store     2 to 3   finds books by words",
    ]
    assert said.splitlines()[5].startswith("Needs 16.")
    plan = json.loads(told)
    assert plan["bytes_free"] > plan["bytes_needed"] > 16 << 20
    (shelf,) = plan["plugins"]
    assert shelf["versions"] == {"settings": {"found": 1, "wanted": 3}, "store": {"found": 1, "wanted": 3}}
    assert shelf["steps"][3] == {"kind": "store", "to": 3, "summary": "finds books by words"}
    assert content(first_release) == before


async def test_it_converts_without_a_daemon_and_a_second_time_finds_nothing(first_release, run, kept):
    said, told = await run("upgrade")

    assert said == "shelf: settings 1 to 3, store 1 to 3\n"
    assert "Upgrading shelf to version 3: finds books by words...\n" in told
    (await kept()).check_third_release()
    for words in (("upgrade",), ("upgrade", "--dry-run")):
        assert (await run(*words))[0] == f"There is nothing to upgrade in {first_release}.\n"


async def test_killed_in_the_middle_it_goes_on_where_it_was(first_release, run, kept):
    await run("upgrade", code=-9, **{KILLED_AT: "piece 3"})
    assert (await kept(first_release)).version.reached.done == 100

    done = json.loads((await run("upgrade", "--json"))[0])

    assert done["plugins"][0]["problem"] == ""
    (await kept()).check_third_release()


async def test_while_a_daemon_runs_it_is_refused(start_daemon, first_release, run):
    async with start_daemon("shelf", extra_plugins=[release(1)]):
        for words in (("upgrade",), ("upgrade", "--dry-run")):
            _, told = await run(*words, code=75)

            assert f"Another daemon (process {os.getpid()}) uses the state directory {first_release}" in told


@pytest.mark.usefixtures("first_release")
async def test_what_a_newer_release_wrote_ends_command_and_daemon_with_a_status_of_its_own(run):
    await run("upgrade")

    for words in (("upgrade",), ("upgrade", "--dry-run"), ("--port", "0")):
        _, told = await run(*words, code=65, SHELF="2")

        assert "shelf: its settings are of version 3, and only 2 is known here" in told
        assert "its data are of version 3, and only 2 is known here" in told


async def test_a_directory_without_a_store_stays_as_it_is(state_dir, run):
    said, _ = await run("upgrade", "--dry-run")
    told = json.loads((await run("upgrade", "--json"))[0])

    assert said == f"There is nothing to upgrade in {state_dir}.\n"
    assert told == {"state_dir": str(state_dir), "plugins": []}
    assert not state_dir.exists()


async def test_a_copy_that_cannot_be_made_is_told_and_the_status_says_so(first_release, run):
    block(first_release / "backups")

    said, told = await run("upgrade", code=1)

    assert said == ""
    assert f"shelf: {first_release}/backups cannot be written: " in told
