"""What the store keeps when its process is killed, starved of disk, or short of addresses."""

import contextlib
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store, StoreFullError, check_store

CHILD = [sys.executable, str(Path(__file__).with_name("store_child.py"))]
KEY = 9  # bytes: a lane, and the number that it wrote


def run_child(what, folder):
    run = subprocess.run([*CHILD, what, str(folder)], check=False, capture_output=True, text=True, timeout=20)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def killed_writer(folder, bytes_read):
    """Start a writer, read so many bytes of its confirmations, kill it, and return all that it confirmed."""
    with subprocess.Popen([*CHILD, "count", str(folder)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = child.stdout.read(bytes_read)
        child.kill()
        said += child.stdout.read()
    return [said[start : start + KEY] for start in range(0, len(said) // KEY * KEY, KEY)]


async def kill_again_and_again(folder, times):
    chance = random.Random(times)
    last: dict[int, int] = {}
    for _ in range(times):
        for key in killed_writer(folder, chance.randrange(KEY, 400 * KEY)):
            last[key[0]] = max(last.get(key[0], 0), int.from_bytes(key[1:]))
        assert check_store(folder) == []
        async with Store(folder, StoreConfig()) as store:
            numbers = await store.view("test").table("number", bytes)
            totals = await store.view("test").table("total", bytes)
            for lane, number in last.items():
                total = int.from_bytes(totals.get(bytes([lane])) or b"")
                assert total >= number
                written = [int.from_bytes(key[1:]) for key in numbers.keys(bytes([lane]))]
                assert written == list(range(1, total + 1))


async def test_what_was_confirmed_is_there_after_a_kill(tmp_path):
    await kill_again_and_again(tmp_path / "store", 12)


@pytest.mark.soak
async def test_what_was_confirmed_is_there_after_fifty_kills(tmp_path):
    await kill_again_and_again(tmp_path / "store", 50)


def test_the_map_grows_where_addresses_are_few(tmp_path):
    affordable, grown, count = run_child("grow", tmp_path / "store")

    assert (int(affordable), int(grown), int(count)) == (128, 64, 60)


def test_a_file_that_may_not_grow_gives_errors_and_the_store_goes_on(tmp_path):
    written, first, last = run_child("fill_limited", tmp_path / "store")

    assert 10 <= int(written) <= 20
    assert (first, last) == ("kept", "100000")
    assert check_store(tmp_path / "store") == []


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 4 MiB, or ``None`` where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    yield folder
    subprocess.run(["/bin/umount", str(folder)], check=True)


@contextlib.contextmanager
def no_room(small_disk):
    """Fill the disk, or else forbid every file to grow beyond 8 bytes, for as long as the block runs."""
    if small_disk is None:
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, old[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        return
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


def test_a_full_disk_gives_errors_and_the_store_goes_on(small_disk, tmp_path):
    # Where mounting is not allowed, a limit on the size of files stops the store at the same place.
    what, folder = ("fill", small_disk / "store") if small_disk else ("fill_limited", tmp_path / "store")

    written, first, last = run_child(what, folder)

    assert 10 <= int(written) <= 40
    assert (first, last) == ("kept", "100000")
    assert check_store(folder) == []


async def test_a_first_start_on_a_full_disk_is_refused_in_words(small_disk, tmp_path):
    store = Store((small_disk or tmp_path) / "store", StoreConfig())
    (small_disk or tmp_path).joinpath("store").mkdir()

    with no_room(small_disk), pytest.raises(StoreFullError, match="no room left"):
        await store.open()

    await store.open()
    await store.close()


async def test_a_full_disk_does_not_prevent_the_next_start(small_disk, tmp_path):
    folder = (small_disk or tmp_path) / "store"
    async with Store(folder, StoreConfig()) as store:
        await (await store.view("test").table("blob", bytes)).put(b"key", b"value")
    (folder / "clean").unlink()

    with no_room(small_disk):
        async with Store(folder, StoreConfig()) as store:
            table = await store.view("test").table("blob", bytes)

            assert table.get(b"key") == b"value"


async def test_a_start_without_room_for_the_lock_file_is_refused_in_words(small_disk, tmp_path):
    folder = (small_disk or tmp_path) / "store"
    async with Store(folder, StoreConfig()):
        pass
    os.truncate(folder / "lock.mdb", 0)

    with no_room(small_disk), pytest.raises(StoreFullError, match="no room left"):
        await Store(folder, StoreConfig()).open()


async def test_a_backup_without_room_leaves_nothing_behind(small_disk, tmp_path):
    folder = small_disk or tmp_path
    async with Store(folder / "store", StoreConfig()) as store:
        table = await store.view("test").table("blob", bytes)
        await table.put(b"key", bytes(1_000_000))
        before = sorted(folder.iterdir())

        with no_room(small_disk), pytest.raises(StoreFullError, match="no room left"):
            await store.backup(folder / "copy.mdb")

        assert sorted(folder.iterdir()) == before
        assert len(table.get(b"key") or b"") == 1_000_000


def test_a_first_start_that_is_killed_does_not_prevent_the_next(tmp_path):
    for number in range(8):
        folder = tmp_path / f"store{number}"
        with subprocess.Popen([*CHILD, "count", str(folder)], stdout=subprocess.PIPE) as child:
            deadline = time.monotonic() + 10
            while not folder.exists() and time.monotonic() < deadline:
                pass
            for _ in range(number * 2000):  # a little later each time, somewhere in the making of the files
                pass
            child.kill()

        assert killed_writer(folder, KEY)
