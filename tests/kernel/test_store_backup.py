import asyncio
import os
import random
import threading
import time

import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store, StoreDamagedError, StoreError, check_store

HOUR = 3600.0


def restored(copy, folder):
    """Put a copy where a store lives."""
    folder.mkdir()
    copy.rename(folder / "data.mdb")
    return Store(folder, StoreConfig())


@pytest.fixture
async def store(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(backup_interval=HOUR, backups_kept=2)) as opened:
        yield opened


@pytest.fixture
async def table(store):
    return await store.view("test").table("blob", bytes)


def copies(tmp_path):
    return sorted(path.name for path in (tmp_path / "backups").iterdir())


def age(tmp_path, seconds):
    """Make the newest copy older than it is."""
    newest = tmp_path / "backups" / copies(tmp_path)[-1]
    os.utime(newest, (time.time() - seconds,) * 2)


async def test_a_copy_holds_what_the_store_holds(store, table, tmp_path):
    await table.put(b"key", b"value")

    size = await store.backup(tmp_path / "copy.mdb")

    assert size == (tmp_path / "copy.mdb").stat().st_size
    assert (tmp_path / "copy.mdb").stat().st_mode & 0o777 == 0o600
    async with restored(tmp_path / "copy.mdb", tmp_path / "again") as again:
        assert list((await again.view("test").table("blob", bytes)).items()) == [(b"key", b"value")]


async def test_a_copy_taken_while_writing_holds_a_state_that_was(store, table, tmp_path):
    begun, done = asyncio.Event(), asyncio.Event()

    async def write():
        number = 0
        while not done.is_set():
            await table.put(number.to_bytes(8), bytes(2000))
            number += 1
            if number == 500:
                begun.set()
        return number

    writing = asyncio.create_task(write())
    await begun.wait()
    least = table.count()
    await store.backup(tmp_path / "copy.mdb")
    done.set()
    written = await writing

    async with restored(tmp_path / "copy.mdb", tmp_path / "again") as again:
        numbers = [int.from_bytes(key) for key, _ in (await again.view("test").table("blob", bytes)).items()]
    assert least <= len(numbers) <= written
    assert numbers == list(range(len(numbers)))


async def test_a_file_that_exists_is_not_overwritten(store, tmp_path):
    (tmp_path / "copy.mdb").write_text("mine")

    with pytest.raises(StoreError, match="exists already"):
        await store.backup(tmp_path / "copy.mdb")

    assert (tmp_path / "copy.mdb").read_text() == "mine"


async def test_a_copy_into_a_folder_that_is_not_there_fails_in_words(store, tmp_path):
    with pytest.raises(StoreError, match="No such file or directory"):
        await store.backup(tmp_path / "none" / "copy.mdb")


async def test_two_copies_at_once_are_both_whole(store, table, tmp_path):
    await table.put(b"key", bytes(3_000_000))

    await asyncio.gather(*(store.backup(tmp_path / f"copy{number}.mdb") for number in range(3)))

    for number in range(3):
        folder = tmp_path / f"again{number}"
        async with restored(tmp_path / f"copy{number}.mdb", folder):
            assert check_store(folder) == []


async def test_a_map_grows_after_a_copy_that_is_being_written(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(map_size=16 << 20)) as store:
        table = await store.view("test").table("blob", bytes)
        await table.put(b"first", bytes(12 << 20))

        await asyncio.gather(store.backup(tmp_path / "copy.mdb"), table.put(b"second", bytes(12 << 20)))

        assert table.count() == 2


async def test_a_change_that_is_given_up_does_not_wait_for_a_copy_that_waits_for_it(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        begun, copying = threading.Event(), threading.Event()

        def fail(_transaction):
            begun.set()
            copying.wait(10)
            time.sleep(0.1)  # the copy is where it waits for this transaction
            msg = "given up"
            raise RuntimeError(msg)

        failing = asyncio.create_task(store.view("test").write(fail))
        await asyncio.to_thread(begun.wait, 10)
        copy = asyncio.create_task(store.backup(tmp_path / "copy.mdb"))
        await asyncio.sleep(0)
        copying.set()

        with pytest.raises(RuntimeError, match="given up"):
            await asyncio.wait_for(failing, 20)
        assert await asyncio.wait_for(copy, 20) > 0


async def test_the_first_copy_is_due_at_once_and_the_next_after_the_interval(store, tmp_path):
    first = await store.backup_when_due()

    assert first.parent == tmp_path / "backups"
    assert copies(tmp_path) == [first.name]
    assert await store.backup_when_due() is None

    age(tmp_path, HOUR + 1)

    assert await store.backup_when_due() is not None


async def test_only_the_newest_copies_are_kept(store, tmp_path):
    names = []
    for _ in range(4):
        names.append((await store.backup_when_due()).name)
        age(tmp_path, HOUR + 1)
    await store.backup(tmp_path / "backups" / "mine.mdb")

    assert copies(tmp_path) == ["mine.mdb", *names[-2:]]


async def test_what_a_killed_daemon_left_of_a_copy_is_removed(store, tmp_path):
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "store-20200101T000000.000000Z.mdb.x1y2.new").write_text("half")

    copy = await store.backup_when_due()

    assert copies(tmp_path) == [copy.name]


async def test_an_interval_of_zero_turns_automatic_copies_off(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(backup_interval=0)) as store:
        assert await store.backup_when_due() is None

    assert not (tmp_path / "backups").exists()


async def test_a_damaged_store_does_not_push_out_a_sound_copy(store, table, tmp_path):
    await table.put(b"key", random.Random(1).randbytes(100_000))
    sound = await store.backup_when_due()
    age(tmp_path, HOUR + 1)
    with (tmp_path / "store" / "data.mdb").open("r+b") as file:
        file.seek(4 * 4096)
        file.write(b"\xff" * 20 * 4096)

    with pytest.raises(StoreDamagedError) as caught:
        await store.backup_when_due()

    assert caught.value.backup == sound
    assert copies(tmp_path) == [sound.name]
