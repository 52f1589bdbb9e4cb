"""Disks that are full, read-only or damaged: clear words, and nothing is lost."""

import os
import random

from tests.daemon.test_life import run_program
from tests.plugins.downloads.conftest import TORRENT_TYPE, item_of, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent


def fill(folder):
    """Leave no room on a disk; return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return ballast


async def test_a_full_state_disk_gives_errors_and_loses_nothing(daemon_process, mount_disk, tmp_path):
    disk = mount_disk("small", "size=8m,mode=700")
    torrents = [make_torrent(tmp_path, random.Random(n).randbytes(300_000), name=f"film{n}") for n in range(4)]
    first, second, refused, later = torrents
    settings = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process("downloads", "settings", config=settings, state_dir=disk / "state") as daemon:
        await upload(daemon, first)
        await upload(daemon, second)
        ballast = fill(disk)

        answers = [
            await daemon.request("PUT", "/downloads", data=refused.metainfo, headers=TORRENT_TYPE) for _ in range(40)
        ]
        changed = await daemon.request("POST", "/settings", json={"libtorrent": {"max_upload_rate": 5000}})
        listed = (await daemon.get("/downloads"))["downloads"]
        ballast.unlink()
        await upload(daemon, later)
        await daemon.delete(f"/downloads/{first.infohash}", json={"remove_data": False})
        daemon.kill()
        await daemon.start()
        after = {item["infohash"] for item in (await daemon.get("/downloads"))["downloads"]}

    assert {answer.status for answer in answers} == {500}
    assert all("There is no room left to write" in str(answer.json()["error"]) for answer in answers)
    assert changed.status == 500
    assert "No space left on device" in str(changed.json()["error"])
    assert {item["infohash"] for item in listed} == {first.infohash, second.infohash}
    assert after == {second.infohash, later.infohash}
    assert "Traceback" not in daemon.output


async def test_a_first_start_on_a_full_disk_says_so(mount_disk):
    disk = mount_disk("small", "size=4m,mode=700")
    (disk / "state").mkdir()
    ballast = fill(disk)

    status, said = await run_program(disk / "state", "--port", "0")

    ballast.unlink()
    assert status == 1
    assert "Traceback" not in said
    assert str(disk / "state") in said
    assert "No space left" in said or "no room left" in said


async def test_a_full_destination_stops_the_download_until_there_is_room(start_program, swarm, mount_disk):
    disk = mount_disk("small", "size=4m")
    ballast = fill(disk)
    content = random.Random(5).randbytes(1_500_000)
    torrent = swarm.seed(content, name="film")
    async with start_program() as daemon:
        await upload(daemon, torrent, destination=str(disk))
        item = await wait_for_status(daemon, torrent.infohash, "STOPPED_ON_ERROR")
        assert item["error"] == "'No space left on device'"
        await daemon.restart()
        assert await item_of(daemon, torrent.infohash)

        ballast.unlink()
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert (disk / "film").read_bytes() == content


async def test_a_read_only_state_directory_is_refused(mount_disk):
    disk = mount_disk("readonly", "ro,size=1m")

    status, said = await run_program(disk, "--port", "0")

    assert status == 1
    assert said == f"Error: The state directory {disk} cannot be used: it is on a read-only file system\n"


async def test_a_damaged_store_is_refused_with_its_backup_and_nothing_is_changed(start_program, swarm):
    torrents = [swarm.seed(bytes([n]) * 30_000, name=f"film{n}") for n in range(3)]
    async with start_program() as daemon:
        for torrent in torrents:
            await upload(daemon, torrent)
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        backups = daemon.state_dir / "backups"
        (backup,) = await wait_for(lambda: list(backups.glob("store-*.mdb")), what="the first backup")
        await daemon.stop()
        store = daemon.state_dir / "store" / "data.mdb"
        sound = store.read_bytes()
        said = {damage: await said_of(daemon.state_dir, store, sound, damage) for damage in DAMAGES}

        store.write_bytes(backup.read_bytes())  # what the message tells to do
        await daemon.start()
        await daemon.get("/downloads")

    for text in said.values():
        assert f"The store {store} is damaged" in text
        assert f"The newest backup copy is {backup}" in text
        assert "Nothing was changed" in text
        assert "Traceback" not in text


DAMAGES = ("truncated", "emptied", "overwritten", "overwritten in the middle")


async def said_of(state_dir, store, sound, damage):
    """Return what the program says of a damaged store, after checking that it leaves it alone."""
    store.write_bytes(sound)
    break_file(store, damage)
    broken = store.read_bytes()
    status, said = await run_program(state_dir, "--port", "0")
    assert (status, store.read_bytes() == broken) == (1, True)
    return said


def break_file(path, damage):
    size = path.stat().st_size
    if damage in ("truncated", "emptied"):
        os.truncate(path, size // 2 if damage == "truncated" else 0)
        return
    with path.open("r+b") as file:
        file.seek(8192 if "middle" in damage else 0)
        file.write(random.Random(9).randbytes(size - file.tell()))
