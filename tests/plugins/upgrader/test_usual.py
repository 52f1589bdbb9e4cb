"""What Tribler left where it keeps things is offered, until it was taken over."""

import fcntl
import json
import shutil
from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import service
from tests.plugins.upgrader.conftest import run_import
from tests.plugins.upgrader.samples import SAMPLES
from triblerd.errors import ConflictError, InvalidInputError
from triblerd.testing import wait_for
from triblerd_upgrader.api import StateImports
from triblerd_upgrader.foreign.usual import UsualImports

OLD, NEW = "tribler-7.13", "tribler-8.4"


@pytest.fixture
def home(tmp_path):
    """Return a home directory in which Tribler 7 was used."""
    shutil.copytree(SAMPLES / OLD / "state", tmp_path / "home" / ".Tribler")
    return tmp_path / "home"


@pytest.fixture
def offering(start_upgrader, home):
    """Run a daemon, and offer what is at home, and where ``TSTATEDIR`` says."""

    @asynccontextmanager
    async def start(**variables):
        async with start_upgrader() as daemon:
            usual = service(daemon, StateImports)
            environment = {"HOME": str(home), **variables}
            yield daemon, UsualImports(imports=usual._imports, journal=usual._journal, environment=environment)

    return start


async def ended(imports):
    await wait_for(lambda: not imports.is_running, 30, what="the end of the import")


async def test_the_state_at_home_is_offered_and_taken_over_once(offering, home):
    async with offering() as (daemon, imports):
        (state,) = await imports.offered()
        await imports.start(state)
        meanwhile = imports.is_running, await imports.offered()
        await ended(imports)
        view = await daemon.get("/upgrader/import")
        listed = (await daemon.get("/downloads"))["downloads"]
        after = await imports.offered()
    async with offering() as (_, imports):
        after_restart = await imports.offered()

    assert (state.program, state.version, state.downloads) == ("tribler7", "7.13.1", 9)
    assert state.path == str(home / ".Tribler")
    assert meanwhile == (True, [])
    assert (view["state"], view["path"], view["settings"]) == ("finished", state.path, [])
    assert after == after_restart == []
    assert [item["status"] for item in listed] == ["STOPPED"] * 9  # none of their files are there


async def test_the_newest_state_comes_first(offering, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(SAMPLES / NEW / "state", other)
    async with offering(TSTATEDIR=str(other)) as (_, imports):
        states = await imports.offered()

    assert [(state.program, state.path) for state in states] == [
        ("tribler8", str(other)),
        ("tribler7", str(tmp_path / "home" / ".Tribler")),
    ]


async def test_one_directory_is_offered_once_by_whatever_name(offering, home, tmp_path):
    (tmp_path / "link").symlink_to(home / ".Tribler")
    async with offering(TSTATEDIR=str(tmp_path / "link")) as (daemon, imports):
        (state,) = await imports.offered()
        await run_import(daemon, {"path": str(home / ".Tribler")})
        after = await imports.offered()

    assert state.path == str(tmp_path / "link")
    assert after == []


async def test_a_state_stays_taken_over_when_another_one_was_later(offering, home, sample):
    async with offering() as (daemon, imports):
        await run_import(daemon, {"path": str(home / ".Tribler"), "dry_run": True})
        after_dry_run = await imports.offered()
        await run_import(daemon, {"path": str(home / ".Tribler")})
        _, _, body = sample("transmission-3.0")
        await run_import(daemon, body)
        after = await imports.offered()

    assert len(after_dry_run) == 1
    assert after == []


async def test_nothing_is_offered_where_nothing_is(offering, home):
    shutil.rmtree(home / ".Tribler")
    async with offering(TSTATEDIR="relative", HOME="") as (_, imports):
        assert await imports.offered() == []
    async with offering(TSTATEDIR=str(home)) as (_, imports):
        assert await imports.offered() == []


async def test_a_state_is_not_offered_while_its_program_runs(offering, home):
    async with offering() as (_, imports):
        (state,) = await imports.offered()
        with (home / ".Tribler" / "tribler-core.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert await imports.offered() == []
            with pytest.raises(ConflictError, match="seems to run"):
                await imports.start(state)


async def test_what_this_daemon_listens_on_is_no_program_that_runs(offering, home):
    shutil.rmtree(home / ".Tribler")
    shutil.copytree(SAMPLES / NEW / "state", home / ".Tribler")
    async with offering() as (daemon, imports):
        file = home / ".Tribler" / "8.0" / "configuration.json"
        configuration = json.loads(file.read_text())
        configuration["api"]["http_port_running"] = daemon.port
        file.write_text(json.dumps(configuration))

        (state,) = await imports.offered()
        shown = await daemon.get("/upgrader/import/states", params={"path": str(home / ".Tribler")})

    assert state.program == "tribler8"
    assert [found["running"] for found in shown["states"]] == [""]


async def test_what_is_gone_is_not_taken_over(offering, home):
    async with offering() as (_, imports):
        (state,) = await imports.offered()
        shutil.rmtree(home / ".Tribler")

        with pytest.raises(InvalidInputError, match="holds nothing of tribler7"):
            await imports.start(state)
        assert not imports.is_running


async def test_nothing_is_offered_without_the_plugin_of_the_downloads(offering):
    async with offering() as (daemon, imports):
        await daemon.patch("/plugins/downloads", json={"enabled": False})

        assert await imports.offered() == []


async def test_a_state_in_the_directory_of_the_daemon_itself_is_taken_over(daemon_process, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(SAMPLES / NEW / "state", own)
    environment = {"TSTATEDIR": str(own), "HOME": str(tmp_path / "nowhere")}
    settings = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process(
        "versioning", "upgrader", "downloads", config=settings, state_dir=own, environment=environment
    ) as daemon:
        before = await daemon.get("/versions/import")
        started = await daemon.post("/versions/import")

        async def is_over():
            return not (await daemon.get("/versions/import"))["running"]

        await wait_for(is_over, 30)
        after = await daemon.get("/versions/import")
        view = await daemon.get("/upgrader/import")
        nothing = await daemon.post("/versions/import", status=404)

    assert before["states"] == [started]
    assert (started["program"], started["path"]) == ("tribler8", str(own))
    assert (view["state"], view["failure"]) == ("finished", "")
    assert after == {"states": [], "running": False}
    assert nothing == {"error": "there is nothing to take over"}
