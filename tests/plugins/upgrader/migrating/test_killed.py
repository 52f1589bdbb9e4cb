"""A daemon that is killed with SIGKILL in the middle of an upgrade, at every point of it, and started again."""

import asyncio
import os
import random
import signal
import subprocess
import sys

import pytest

from tests.plugins.upgrader.migrating.shelf import BOOKS, KILLED_AT, POINTS
from triblerd.config import StoreConfig
from triblerd.store import Store

BALLAST = 24  # MiB; a copy of it takes long enough to be seen


@pytest.fixture
def program(first_release, environment):
    """Return how the daemon is started on what the first release left."""

    def start(**further):
        return subprocess.Popen(
            [sys.executable, "-m", "triblerd", "--state-dir", str(first_release), "--port", "0"],
            env={**os.environ, **environment, **further},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return start


@pytest.fixture
def finished(daemon_process, first_release, environment):
    """Return a function that starts the daemon once more and lets it do the rest."""

    async def run():
        async with daemon_process("upgrader", state_dir=first_release, environment=environment) as daemon:
            assert (await daemon.get("/plugins/shelf"))["state"] == "running"
        assert "Traceback" not in daemon.output

    return run


def check_whole(left):
    """Check that the version says of each book how it is stored, and of the settings how they are called."""
    version = left.version
    converted = BOOKS if version.version > 1 else version.reached.done if version.reached else 0
    assert sorted(left.new) == list(range(converted))
    assert sorted(left.old) == list(range(converted, BOOKS))
    assert len(left.index) == (BOOKS if version.version == 3 else 0)
    assert left.scratch == (version.version < 3)
    settings = left.settings.get("versions", {}).get("shelf", 1)
    assert ("colour" in left.settings["shelf"]) == (settings < 2)
    assert ("limit" in left.settings["shelf"]) == (settings == 3)


async def test_a_daemon_that_is_killed_at_every_point_in_turn_ends_where_one_clean_run_does(program, finished, kept):
    copies = set()
    for point in POINTS:
        with program(**{KILLED_AT: point}) as daemon:
            assert daemon.wait(20) == -signal.SIGKILL, point
        left = await kept()
        check_whole(left)
        copies |= set(left.copies)

    await finished()

    left = await kept()
    left.check_third_release()
    assert [copy[-4:] for copy in left.copies] == ["conf", ".mdb"]
    assert copies == set(left.copies)  # the one from before the first attempt, and no other


async def test_a_copy_that_was_cut_short_is_made_again(first_release, program, finished, kept):
    async with Store(first_release / "store", StoreConfig()) as store:
        table = await store.view("ballast").table("blob", bytes)
        await store.view("ballast").write(
            lambda transaction: transaction.put_many(table, ((bytes([n]), bytes(1 << 20)) for n in range(BALLAST)))
        )
    backups = first_release / "backups"
    with program() as daemon:
        while daemon.poll() is None and not any(backups.glob("upgrade-*.mdb.*")):
            pass
        daemon.kill()
    assert len(list(backups.glob("upgrade-*.mdb.*.new"))) == 1
    left = await kept()
    assert (left.version.version, len(left.old)) == (1, BOOKS)

    await finished()

    left = await kept()
    left.check_third_release()
    assert [copy[-4:] for copy in left.copies] == ["conf", ".mdb"]


@pytest.mark.soak
async def test_a_daemon_that_is_killed_at_any_moment_ends_where_one_clean_run_does(program, finished, kept):
    chance = random.Random(5)
    for _ in range(40):
        with program() as daemon:
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            daemon.kill()
        check_whole(await kept())

    await finished()

    (await kept()).check_third_release()
