"""The copies from before an upgrade: how many are kept, and what happens when none can be made."""

import pytest

from tests.plugins.upgrader.migrating.conftest import block
from tests.plugins.upgrader.migrating.shelf import BOOKS, SHELF, release
from triblerd.events import PluginChanged
from triblerd_upgrader.migrating.backups import Backups, NoRoomError

PLUGINS = ("upgrader", "shelf")


def copies(state_dir):
    return sorted(path.name for path in (state_dir / "backups").glob("upgrade-*"))


async def upgrade(start_daemon, version=3, **upgrader):
    async with start_daemon(*PLUGINS, config={"upgrader": upgrader}, extra_plugins=[release(version)]) as daemon:
        return (await daemon.get("/plugins/shelf"))["reason"]


@pytest.mark.parametrize(("kept", "left"), [(1, 1), (2, 2), (3, 2), (0, 0)])
async def test_the_newest_copies_are_kept_and_no_more(start_daemon, first_release, kept, left):
    await upgrade(start_daemon, 2, backups_kept=kept)
    of_first = copies(first_release)
    await upgrade(start_daemon, 3, backups_kept=kept)

    assert len(copies(first_release)) == 2 * left
    assert (set(of_first) <= set(copies(first_release))) == (kept != 1)


async def test_attempts_that_change_nothing_leave_no_copies(start_daemon, first_release):
    SHELF.broken = True
    await upgrade(start_daemon)
    first = copies(first_release)
    for _ in range(2):
        assert "no ink" in await upgrade(start_daemon)

    assert copies(first_release) == first
    assert len(first) == 2


async def test_where_no_copy_can_be_made_nothing_is_converted(start_daemon, first_release, kept):
    block(first_release / "backups")

    reason = await upgrade(start_daemon)

    assert reason.startswith("its settings are of version 1, and version 3 is needed: ")
    assert f"{first_release}/backups cannot be written" in reason
    left = await kept()
    assert (left.version.version, len(left.old)) == (1, BOOKS)
    assert left.settings["shelf"]["colour"] == "red"


async def test_a_disk_without_room_for_a_copy_is_refused_in_words(start_daemon, first_release):
    async with start_daemon("upgrader") as daemon:
        kernel = daemon.daemon.container
        backups = Backups(
            state_dir=first_release,
            store=kernel.store().view("upgrader"),
            versions=kernel.versions(),
            kept=2,
            free=lambda _: 1 << 20,
        )

        with pytest.raises(NoRoomError, match=r"1[67] MiB have to be free in .*, and there are 1 MiB"):
            await backups.begin(with_store=True)

        assert await backups.begin(with_store=False)
        assert [name[-5:] for name in copies(first_release)] == [".conf"]


async def test_settings_alone_are_upgraded_without_a_copy_of_the_store(start_daemon, first_release):
    await upgrade(start_daemon)
    old = (first_release / "triblerd.conf").read_text().replace("shelf = 3", "shelf = 2")
    (first_release / "triblerd.conf").write_text(old)

    assert await upgrade(start_daemon) == ""

    assert sorted(name.partition(".")[2].partition(".")[2] for name in copies(first_release)) == ["conf", "conf", "mdb"]


@pytest.mark.usefixtures("first_release")
async def test_the_number_of_copies_is_taken_live_and_an_import_that_runs_goes_on(start_daemon, state_dir):
    plugins = ("upgrader", "settings")
    async with start_daemon(*plugins, config={"shelf": {"enabled": False}}, extra_plugins=[release(3)]) as daemon:
        with daemon.events(PluginChanged) as events:
            await daemon.post("/settings", json={"upgrader": {"backups_kept": 0}})
            await daemon.patch("/plugins/shelf", json={"enabled": True})
            changed = {(await events.next()).name for _ in range(3)}

    assert changed == {"shelf"}
    assert copies(state_dir) == []
