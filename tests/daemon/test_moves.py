"""Moves to another disk that end in the middle: kill -9, and a stop in order."""

import os
import random
import signal

import pytest

from tests.plugins.downloads.conftest import item_of, upload, wait_for_status
from triblerd.testing import wait_for

SIZE = 48_000_000


def blocks_on(folder):
    """Return how many bytes a folder's files really have on disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("ends", [1, 3])
async def test_a_move_to_another_disk_is_finished_after_kill_9(start_program, swarm, tmp_path, mount_disk, ends):
    disk = mount_disk("disk", f"size={SIZE * 2}")
    incomplete = tmp_path / "incomplete"
    content = random.Random(11).randbytes(SIZE // 2)
    torrent = swarm.seed({"a": content, "sub/b": content}, name="album", piece_length=1 << 20)
    async with start_program(downloads={"incomplete_dir": str(incomplete)}) as daemon:
        await upload(daemon, torrent, destination=str(disk))
        for _ in range(ends):
            already = blocks_on(disk)
            # All of it may be there before it is looked at.
            await wait_for(lambda: blocks_on(disk) != already or already >= SIZE, 30)  # noqa: B023 - it is asked in this round alone
            daemon.kill()
            await daemon.start()
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING", limit_seconds=30)

    assert (item["destination"], item["error"], item["progress"]) == (str(disk), "", 1.0)
    assert item["total_down"] < 16_000  # the seeder says hello
    assert [path.name for path in incomplete.rglob("*")] == []
    for path in ("a", "sub/b"):
        assert (disk / "album" / path).read_bytes() == content
    assert "Traceback" not in daemon.output


async def test_a_stop_does_not_wait_for_a_copy(start_program, swarm, tmp_path, mount_disk):
    disk = mount_disk("disk", f"size={SIZE * 2}")
    content = random.Random(12).randbytes(SIZE)
    torrent = swarm.seed(content, name="film", piece_length=1 << 20)
    async with start_program(downloads={"incomplete_dir": str(tmp_path / "incomplete")}) as daemon:
        await upload(daemon, torrent, destination=str(disk))
        await wait_for(lambda: blocks_on(disk), 30)
        os.kill(daemon.pid, signal.SIGKILL)
        await daemon.wait_for_exit()
        await daemon.start()
        assert await daemon.stop(10) == 0
        await daemon.start()
        await wait_for_status(daemon, torrent.infohash, "SEEDING", limit_seconds=30)
        item = await item_of(daemon, torrent.infohash)

    assert (item["destination"], item["error"]) == (str(disk), "")
    assert (disk / "film").read_bytes() == content
