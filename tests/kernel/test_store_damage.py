import asyncio
import os
import random
import subprocess
import sys

import lmdb
import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store, StoreDamagedError, StoreError, StoreFormatError, check_store
from triblerd.store_check import FULL_CHECK_SIZE, check, check_before_open

PAGE = 4096


@pytest.fixture
async def folder(tmp_path):
    """Return the folder of a store with 500 records, closed."""
    async with Store(tmp_path / "store", StoreConfig()) as store:
        table = await store.view("test").table("blob", bytes)
        chance = random.Random(7)

        def job(transaction):
            for number in range(500):
                transaction.put(table, number.to_bytes(8), chance.randbytes(chance.choice((10, 300, 9000))))

        await store.view("test").write(job)
    return tmp_path / "store"


async def refusal(folder):
    """Try to open the store, and return the error after checking that nothing was changed."""
    before = (folder / "data.mdb").read_bytes()
    with pytest.raises(StoreError) as caught:
        await Store(folder, StoreConfig()).open()
    assert (folder / "data.mdb").read_bytes() == before
    return caught.value


def overwrite(folder, offset, data):
    with (folder / "data.mdb").open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize("size", [0, 1, 100, PAGE, PAGE + 50, 2 * PAGE, 30 * PAGE])
async def test_a_truncated_store_is_refused_and_left_alone(folder, size):
    os.truncate(folder / "data.mdb", size)

    error = await refusal(folder)

    assert isinstance(error, StoreDamagedError)
    assert error.path == folder / "data.mdb"
    assert f"The store {folder}/data.mdb is damaged: {error.reason}. Nothing was changed." in str(error)


async def test_a_store_that_lost_its_last_page_is_refused(folder):
    os.truncate(folder / "data.mdb", (folder / "data.mdb").stat().st_size - PAGE)

    assert isinstance(await refusal(folder), StoreDamagedError)


@pytest.mark.parametrize("first", [0, PAGE, 2 * PAGE, 20 * PAGE, -4 * PAGE])
async def test_rubbish_anywhere_is_refused_and_left_alone(folder, first):
    size = (folder / "data.mdb").stat().st_size
    overwrite(folder, first % size, random.Random(1).randbytes(4 * PAGE))

    assert isinstance(await refusal(folder), StoreDamagedError)


async def test_a_file_of_nothing_but_rubbish_is_refused(folder):
    (folder / "data.mdb").write_bytes(b"this is not a database\n" * 1000)

    assert isinstance(await refusal(folder), StoreDamagedError)


async def test_the_refusal_names_the_newest_backup_and_the_way_back(folder):
    backups = folder.parent / "backups"
    async with Store(folder, StoreConfig()) as store:
        await store.backup_when_due()
    (copy,) = backups.iterdir()
    (backups / "store-20200101T000000.000000Z.mdb").write_bytes(b"older")
    overwrite(folder, 0, bytes(PAGE))

    error = await refusal(folder)
    assert isinstance(error, StoreDamagedError)
    assert error.backup == copy
    command = str(error).partition("while no daemon runs: ")[2]
    await asyncio.to_thread(subprocess.run, ["/bin/sh", "-c", command], check=True)

    async with Store(folder, StoreConfig()) as store:
        assert (await store.view("test").table("blob", bytes)).count() == 500


async def test_a_refused_store_may_be_opened_once_it_is_mended(folder):
    whole = (folder / "data.mdb").read_bytes()
    os.truncate(folder / "data.mdb", 3 * PAGE)
    await refusal(folder)

    (folder / "data.mdb").write_bytes(whole)

    async with Store(folder, StoreConfig()) as store:
        assert (await store.view("test").table("blob", bytes)).count() == 500


async def test_a_file_that_is_as_an_orderly_stop_left_it_is_not_walked(folder):
    file = folder / "data.mdb"
    status = file.stat()
    overwrite(folder, 10 * PAGE, bytes(20 * PAGE))
    with pytest.raises(StoreDamagedError):
        check_before_open(file)

    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    check_before_open(file)
    assert check(file)


async def test_a_store_in_use_is_not_marked_as_left_in_order(folder):
    async with Store(folder, StoreConfig()):
        assert not (folder / "clean").exists()

    assert (folder / "clean").exists()


async def test_a_mark_that_is_rubbish_is_no_mark(folder):
    (folder / "clean").write_bytes(b"\xff\xfe")

    async with Store(folder, StoreConfig()):
        pass

    assert (folder / "clean").read_text().split()[0] == str((folder / "data.mdb").stat().st_size)


async def test_a_large_truncated_store_is_walked_and_refused(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        table = await store.view("test").table("blob", bytes)
        for number in range(5):
            await table.put(b"%d" % number, bytes(FULL_CHECK_SIZE // 4))
    os.truncate(tmp_path / "store" / "data.mdb", FULL_CHECK_SIZE + PAGE)

    with pytest.raises(StoreDamagedError, match=r"it has \d+ of \d+ bytes; "):
        await Store(tmp_path / "store", StoreConfig()).open()


async def test_pages_that_were_never_written_at_the_end_are_no_damage(folder):
    async with Store(folder, StoreConfig()) as store:
        table = await store.view("test").table("blob", bytes)

        def job(transaction):
            transaction.put(table, b"big", bytes(25 * PAGE))
            transaction.delete(table, b"big")

        await store.view("test").write(job)
        assert store._engine is not None
        end = (store._engine._env.info()["last_pgno"] + 1) * PAGE
    assert (folder / "data.mdb").stat().st_size < end
    (folder / "clean").unlink()

    async with Store(folder, StoreConfig()) as store:
        assert (await store.view("test").table("blob", bytes)).count() == 500


async def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "store"
    env = lmdb.open(str(folder), max_dbs=2, lib_version=0)
    with env.begin(write=True) as transaction:
        transaction.put(b"theirs", b"value", db=env.open_db(b"theirs", transaction))
    env.close()

    error = await refusal(folder)

    assert isinstance(error, StoreFormatError)
    assert "was not written by triblerd" in str(error)


async def test_a_file_of_the_newer_lmdb_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "store"
    env = lmdb.open(str(folder), lib_version=1)
    with env.begin(write=True) as transaction:
        transaction.put(b"key", b"value")
    env.close()

    error = await refusal(folder)

    assert isinstance(error, StoreFormatError)
    assert "LMDB 1.0" in str(error)


async def test_a_store_of_another_layout_is_refused_and_left_alone(folder):
    env = lmdb.open(str(folder), max_dbs=2, lib_version=0)
    with env.begin(write=True) as transaction:
        transaction.put(b"layout", b"\x02", db=env.open_db(b"kernel/store", transaction))
    env.close()

    error = await refusal(folder)

    assert isinstance(error, StoreFormatError)
    assert "a newer release of triblerd" in str(error)


async def test_the_remains_of_a_killed_first_start_are_no_obstacle(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "unfinished.mdb").write_bytes(b"half")
    (folder / "unfinished.mdb-lock").write_bytes(b"")

    async with Store(folder, StoreConfig()) as store:
        assert (await store.view("test").table("blob", bytes)).count() == 0

    assert sorted(path.name for path in folder.iterdir()) == ["clean", "data.mdb", "lock.mdb"]


async def test_a_check_finds_nothing_in_a_sound_store_and_all_in_a_damaged_one(folder, tmp_path):
    assert check_store(tmp_path / "none") == []
    assert check_store(folder) == []

    overwrite(folder, 10 * PAGE, random.Random(2).randbytes(20 * PAGE))
    assert check_store(folder)
    overwrite(folder, 0, bytes(10))
    assert check_store(folder)


READ_ALL = """
import asyncio, sys
from pathlib import Path
from triblerd.config import StoreConfig
from triblerd.store import Store, StoreError

async def main(folder):
    try:
        async with Store(folder, StoreConfig()) as store:
            table = await store.view("test").table("blob", bytes)
            print(sum(len(value) for _, value in table.items()))
            for number in range(0, 500, 7):
                await table.delete(number.to_bytes(8))
            await table.put(b"new", bytes(5000))
    except StoreError as error:
        print(type(error).__name__)

for name in sys.argv[1:]:
    asyncio.run(main(Path(name)))
"""


async def test_no_rubbish_ends_the_process(folder, tmp_path):
    chance = random.Random(11)
    whole = (folder / "data.mdb").read_bytes()
    names = []
    for number in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            length = chance.choice((1, 8, 64, PAGE))
            offset = chance.randrange(len(data) - length)
            data[offset : offset + length] = chance.choice((chance.randbytes(length), bytes(length), b"\xff" * length))
        target = tmp_path / f"bad{number}"
        target.mkdir()
        (target / "data.mdb").write_bytes(data)
        names.append(str(target))

    run = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", READ_ALL, *names], check=False, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 60
    assert "StoreDamagedError" in run.stdout
