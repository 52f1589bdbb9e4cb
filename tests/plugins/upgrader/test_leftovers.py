"""What an import leaves in the state directory, and what it must leave alone there."""

import resource

from tests.plugins.upgrader.conftest import run_import


async def test_a_directory_of_the_user_that_sounds_like_ours_stays(start_upgrader, sample, tmp_path):
    state, _, body = sample("deluge-2.0")
    own = tmp_path / "state" / "import-deluge"
    own.parent.mkdir(exist_ok=True)
    state.rename(own)
    before = sorted(own.rglob("*"))

    async with start_upgrader() as daemon:
        view, _ = await run_import(daemon, {**body, "path": str(own)})
        assert not (tmp_path / "state" / ".import").exists()
    async with start_upgrader():
        pass

    assert view["counts"]["imported"] == 10
    assert sorted(own.rglob("*")) == before


async def test_what_a_killed_import_left_is_removed_at_the_next_start(start_upgrader, tmp_path):
    left = tmp_path / "state" / ".import" / "state" / "core.conf"
    left.parent.mkdir(parents=True)
    left.write_text("{}")

    async with start_upgrader():
        assert not (tmp_path / "state" / ".import").exists()


async def test_a_copy_that_there_is_no_room_for_ends_the_import_in_words(start_upgrader, sample):
    _, _, body = sample("tribler-8.4")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async with start_upgrader() as daemon:
        await daemon.get("/downloads")
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))  # as on a full disk, for every file of this process
        try:
            view, rows = await run_import(daemon, {**body, "dry_run": True}, "failed")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "File too large" in view["failure"]
    assert rows == []
