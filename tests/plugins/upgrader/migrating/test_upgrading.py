"""What happens to a state directory that an older release of a plugin left."""

import asyncio
import os
import re
import socket
from contextlib import asynccontextmanager

import pytest

from tests.plugins.upgrader.migrating.shelf import AT_ONCE, BOOKS, MIGRATIONS, SHELF, release
from triblerd.daemon import Daemon
from triblerd.errors import IncompatibleDataError
from triblerd.migration import SettingsMigration, StoreMigration
from triblerd.options import RunOptions
from triblerd.plugin import hookimpl
from triblerd.settings_file import BrokenSettingsError
from triblerd.testing import RunningDaemon, wait_for
from triblerd.testing_settings import prepare_state_dir

PLUGINS = ("state", "events", "upgrader", "shelf")


@asynccontextmanager
async def upgrading(state_dir):
    """Yield a daemon that upgrades the shelf and is held after the first piece."""
    plugins = [release(3)]
    running = RunningDaemon(state_dir, prepare_state_dir(state_dir, PLUGINS, {}, plugins), plugins)
    SHELF.held.clear()
    SHELF.waits.clear()
    running.daemon = Daemon(RunOptions(state_dir=state_dir, extra_plugins=plugins))
    await running.daemon.start()
    running.port = running.daemon.ports["http"]
    await running.open_client()
    try:
        yield running
    finally:
        SHELF.held.set()
        await running.stop()


async def is_held(client):
    state = await client.get("/state")
    return state if state["state"] == "UPGRADING" and SHELF.waits.is_set() else None


async def reason(client):
    plugin = await client.get("/plugins/shelf")
    return plugin["state"], plugin["reason"]


def steps(*others):
    @hookimpl(optionalhook=True)
    def triblerd_migrations():
        return [*(step for step in MIGRATIONS if isinstance(step, SettingsMigration)), *others]

    return {"triblerd_migrations": triblerd_migrations}


@pytest.mark.usefixtures("first_release")
async def test_data_and_settings_of_two_releases_ago_are_converted_before_the_plugin_starts(start_daemon, kept):
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
        assert (await daemon.get("/plugins/shelf"))["state"] == "running"
        assert (await daemon.get("/state"))["state"] == "STARTED"

    left = await kept()
    left.check_third_release()
    assert left.text.startswith("# My shelf.\n[shelf]\nenabled = true\n# As the door.\n")


async def test_a_copy_of_store_and_settings_from_before_is_kept(start_daemon, first_release, kept):
    before = (await kept(first_release)).text
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass

    conf, mdb = sorted((first_release / "backups").glob("upgrade-*"))
    assert (conf.suffix, mdb.suffix, conf.stem) == (".conf", ".mdb", mdb.stem)
    assert conf.stat().st_mode & 0o777 == 0o600
    assert 'colour = "red"' in conf.read_text()
    assert before.splitlines()[:5] == conf.read_text().splitlines()[:5]
    folder = first_release.with_name("copy")
    (folder / "store").mkdir(parents=True)
    mdb.rename(folder / "store" / "data.mdb")
    conf.rename(folder / "triblerd.conf")
    copy = await kept(folder)
    assert (copy.version.version, len(copy.old), copy.scratch) == (1, BOOKS, 1)


async def test_the_copy_can_be_put_back_and_upgraded_again(start_daemon, first_release, kept):
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass
    conf, mdb = sorted((first_release / "backups").glob("upgrade-*"))
    conf.rename(first_release / "triblerd.conf")
    mdb.rename(first_release / "store" / "data.mdb")

    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass

    (await kept()).check_third_release()


async def test_state_says_upgrading_and_events_tell_how_far_it_is(first_release):
    async with upgrading(first_release) as client:
        state = await wait_for(lambda: is_held(client))
        async with client.stream() as stream:
            SHELF.held.set()
            done = await stream.next("upgrader_done")
        await wait_for(lambda: is_started(client))

    assert state["readable_state"].startswith("Upgrading shelf to version 2: counts words")
    assert state["plugins"]["shelf"]["state"] == "declared"
    ticks = [message["args"] for message in stream.seen if message["topic"] == "upgrader_tick"]
    assert ticks[-1] == ["Upgrading shelf to version 3: finds books by words..."]
    assert stream.seen[-2] == {"topic": "upgrader_finished", "args": [], "kwargs": {"failures": {}}}
    assert done == {"topic": "upgrader_done", "args": [], "kwargs": {}}


async def test_the_service_manager_is_asked_for_more_time(first_release, tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        os.environ["NOTIFY_SOCKET"] = address
        try:
            async with upgrading(first_release) as client:
                await wait_for(lambda: is_held(client))
        finally:
            del os.environ["NOTIFY_SOCKET"]

        assert manager.recv(100) == b"EXTEND_TIMEOUT_USEC=60000000"


async def is_started(client):
    return (await client.get("/state"))["state"] == "STARTED"


async def test_an_upgrade_that_is_skipped_stops_early_and_the_plugin_says_so(first_release, kept, start_daemon):
    async with upgrading(first_release) as client:
        await wait_for(lambda: is_held(client))
        assert await client.post("/upgrader", json={"skip_db_upgrade": False}) == {"skip_db_upgrade": True}
        assert await client.post("/upgrader", json={"skip_db_upgrade": True}) == {"skip_db_upgrade": True}
        SHELF.held.set()
        await wait_for(lambda: is_started(client))
        state, why = await reason(client)

    left = await kept()
    assert state == "failed"
    assert why == (
        "its data are of version 1, partly of version 2, and version 3 is needed: "
        "the upgrade was ended early, and goes on at the next start"
    )
    assert (len(left.new), len(left.old)) == (2 * AT_ONCE, BOOKS - 2 * AT_ONCE)
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass
    (await kept()).check_third_release()


async def test_a_daemon_that_is_stopped_in_the_middle_goes_on_at_the_next_start(first_release, kept, start_daemon):
    async with upgrading(first_release) as client:
        await wait_for(lambda: is_held(client))
        stopping = asyncio.create_task(client.stop())
        await wait_for(lambda: "kernel.start-plugins" not in [task.get_name() for task in asyncio.all_tasks()])
        SHELF.held.set()
        await stopping

    left = await kept()
    assert (len(left.new), len(left.old)) == (2 * AT_ONCE, BOOKS - 2 * AT_ONCE)
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass
    done = await kept()
    done.check_third_release()
    assert done.copies == left.copies


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{}", 400, "attribute to change is missing"),
        (b'{"skip_db_upgrade": null}', 400, "attribute to change is missing"),
        (b"nonsense", 400, "Bad JSON"),
        (b"", 400, "Bad JSON"),
        (b'{"skip_db_upgrade": true}', 404, "upgrader is not running"),
        (b'{"skip_db_upgrade": false}', 404, "upgrader is not running"),
    ],
)
async def test_without_an_upgrade_there_is_nothing_to_skip(start_daemon, body, status, error):
    async with start_daemon("upgrader") as daemon:
        answer = await daemon.request("POST", "/upgrader", data=body)

    assert (answer.status, answer.json()) == (status, {"error": error})


async def test_a_wrong_word_is_refused_by_its_name(start_daemon):
    async with start_daemon("upgrader") as daemon:
        answer = await daemon.post("/upgrader", json={"skip_db_upgrade": "perhaps"}, status=400)

    assert "skip_db_upgrade" in answer["error"]


@pytest.mark.usefixtures("first_release")
async def test_a_plugin_does_not_start_on_older_data_while_the_upgrader_is_off(start_daemon, kept):
    async with start_daemon("state", "shelf", extra_plugins=[release(3)]) as daemon:
        state, why = await reason(daemon)
        assert (await daemon.get("/state"))["state"] == "STARTED"

        assert state == "misconfigured"
        assert why.startswith("its settings are of version 1, and version 3 is needed: no plugin that upgrades")

        await daemon.patch("/plugins/upgrader", json={"enabled": True})
        assert await reason(daemon) == ("running", "")
    (await kept()).check_third_release()


@pytest.mark.usefixtures("first_release")
async def test_a_step_that_fails_changes_nothing_and_the_rest_of_the_daemon_serves(start_daemon, kept):
    SHELF.broken = True
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
        state, why = await reason(daemon)
        assert (await daemon.get("/state"))["state"] == "STARTED"

    left = await kept()
    assert state == "failed"
    assert why == ("its data are of version 2, and version 3 is needed: the upgrade failed (ValueError: no ink)")
    assert (left.version.version, left.index, left.scratch) == (2, [], 1)


@pytest.mark.usefixtures("first_release")
async def test_a_plugin_that_is_reloaded_has_its_upgrade_tried_again(start_daemon, kept):
    SHELF.broken = True
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
        SHELF.broken = False
        await daemon.patch("/plugins/state", json={"enabled": False})  # any change of the settings
        assert (await reason(daemon))[0] == "failed"
        await daemon.patch("/plugins/shelf", json={"reload": True})
        assert await reason(daemon) == ("running", "")

    (await kept()).check_third_release()


async def no_step(_):
    return lambda _transaction, reached: reached


@pytest.mark.usefixtures("first_release")
@pytest.mark.parametrize(
    ("named", "why"),
    [
        ((), "no step leads to version 2 of its data; no step leads to version 3 of its data"),
        (MIGRATIONS[2:3], "no step leads to version 3 of its data"),
        ((*MIGRATIONS[2:], MIGRATIONS[3]), "two steps lead to version 3 of its data"),
        (
            (StoreMigration(to=2, summary="stands still", prepare=no_step), MIGRATIONS[3]),
            "the upgrade failed (the step makes no progress)",
        ),
    ],
)
async def test_steps_that_do_not_lead_there_fault_the_plugin(start_daemon, kept, named, why):
    async with start_daemon(*PLUGINS, extra_plugins=[release(3, **steps(*named))]) as daemon:
        shown = await reason(daemon)

    left = await kept()
    assert shown[1].endswith(why)
    assert shown[0] in ("failed", "misconfigured")
    assert (left.version.version, len(left.old)) == (1, BOOKS)


async def test_a_new_state_directory_begins_at_the_present_versions_without_a_copy(start_daemon, kept):
    for _ in range(2):
        async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
            assert await reason(daemon) == ("running", "")

    left = await kept()
    assert left.version.version == 3
    assert left.settings["versions"] == {"shelf": 3}
    assert left.copies == []


async def test_a_setting_made_by_the_api_is_one_of_the_present_version(start_daemon, kept):
    async with start_daemon(*PLUGINS, "settings", extra_plugins=[release(3)]) as daemon:
        await daemon.post("/settings", json={"shelf": {"limit": 7}})
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
        assert await reason(daemon) == ("running", "")

    assert (await kept()).settings["shelf"] == {"enabled": True, "limit": 7}


@pytest.mark.usefixtures("first_release")
async def test_nothing_is_copied_or_told_when_there_is_nothing_to_upgrade(start_daemon, kept):
    async with start_daemon(*PLUGINS, extra_plugins=[release(1)]) as daemon:
        assert await reason(daemon) == ("running", "")

    left = await kept()
    assert left.copies == []
    assert "versions" not in left.settings


async def test_a_setting_given_by_a_test_is_one_of_the_present_version(start_daemon):
    config = {"shelf": {"limit": 7}}
    async with start_daemon("shelf", config=config, extra_plugins=[release(3)]) as daemon:
        assert await reason(daemon) == ("running", "")


async def test_versions_are_no_settings(start_daemon):
    async with start_daemon(*PLUGINS, "settings", extra_plugins=[release(3)]) as daemon:
        assert "versions" not in (await daemon.get("/settings"))["settings"]
        answer = await daemon.post("/settings", json={"versions": {"shelf": 1}}, status=400)

    assert answer == {"error": "Unknown section: versions"}


async def test_a_version_that_is_no_number_is_refused_by_its_name(first_release):
    with (first_release / "triblerd.conf").open("a") as file:
        file.write('[versions]\nshelf = "new"\n')

    with pytest.raises(BrokenSettingsError, match=r"versions\.shelf: expected the number of a version"):
        await Daemon(RunOptions(state_dir=first_release)).start()


@pytest.mark.usefixtures("first_release")
async def test_a_plugin_that_is_turned_on_later_is_upgraded_then(start_daemon, kept):
    off = {"shelf": {"enabled": False}}
    async with start_daemon("state", "upgrader", extra_plugins=[release(3)], config=off) as daemon:
        await daemon.patch("/plugins/shelf", json={"enabled": True})
        assert await reason(daemon) == ("running", "")
        assert (await daemon.get("/state"))["state"] == "STARTED"

    (await kept()).check_third_release()


@pytest.mark.usefixtures("first_release")
async def test_a_plugin_that_is_turned_on_later_does_not_touch_data_of_a_newer_release(start_daemon, kept):
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
        pass
    async with start_daemon("upgrader", extra_plugins=[release(2)], config={"shelf": {"enabled": False}}) as daemon:
        await daemon.patch("/plugins/shelf", json={"enabled": True})
        shown = await reason(daemon)

    assert shown == ("misconfigured", "its settings are of version 3, and only 2 is known here")
    (await kept()).check_third_release()


async def test_settings_of_an_older_release_that_are_put_back_are_converted_when_they_are_reloaded(
    start_daemon, first_release, kept
):
    old = (first_release / "triblerd.conf").read_text()
    async with start_daemon(*PLUGINS, extra_plugins=[release(3)]) as daemon:
        key = f'key = "{daemon.key}"'
        (first_release / "triblerd.conf").write_text(
            re.sub('key = ".*"', key, old).replace("upgrader]\nenabled = false", "upgrader]")
        )
        await daemon.daemon.reload()
        assert await reason(daemon) == ("running", "")

    assert (await kept()).settings["shelf"]["color"] == "red"


@pytest.mark.parametrize("partly", [False, True])
async def test_data_of_a_newer_release_are_refused_and_left_untouched(first_release, start_daemon, partly):
    if partly:  # interrupted in the middle of the step to version 2
        async with upgrading(first_release) as client:
            await wait_for(lambda: is_held(client))
            await client.post("/upgrader", json={"skip_db_upgrade": True})
            SHELF.held.set()
            await wait_for(lambda: is_started(client))
    else:
        async with start_daemon(*PLUGINS, extra_plugins=[release(3)]):
            pass
    before = {path: path.read_bytes() for path in files(first_release)}
    daemon = Daemon(RunOptions(state_dir=first_release, extra_plugins=[release(1)]))

    with pytest.raises(IncompatibleDataError, match=r"A newer release wrote .* Nothing was changed") as refused:
        await daemon.start()

    what = "partly of version 2" if partly else "of version 3"
    assert f"shelf: its data are {what}, and only 1 is known here" in str(refused.value)
    assert str(first_release / "backups" / "upgrade-") in str(refused.value)
    assert {path: path.read_bytes() for path in files(first_release)} == before


def files(state_dir):
    return [state_dir / "triblerd.conf", state_dir / "store" / "data.mdb"]
