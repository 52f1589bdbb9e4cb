import asyncio

import msgspec
import pytest

from triblerd.config import StoreConfig
from triblerd.store import BadRecordError, Store, StoreError, UnknownVersionError


class Row(msgspec.Struct, array_like=True):
    name: str
    size: int = 0


class LongRow(msgspec.Struct, array_like=True):
    name: str
    size: int = 0
    note: str = "none"


@pytest.fixture
async def store(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as opened:
        yield opened


@pytest.fixture
async def rows(store):
    return await store.view("test").table("row", Row)


async def test_a_value_comes_back_as_it_was_put(rows):
    await rows.put(b"key", Row("name", 7))

    assert rows.get(b"key") == Row("name", 7)


async def test_a_missing_key_has_no_value(rows):
    assert rows.get(b"key") is None


async def test_bytes_are_kept_as_they_are(store):
    table = await store.view("test").table("raw", bytes)

    await table.put(b"empty", b"")
    await table.put(b"full", bytes(range(256)))

    assert (table.get(b"empty"), table.get(b"full")) == (b"", bytes(range(256)))


async def test_values_are_there_after_the_store_was_closed_and_opened(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        await (await store.view("test").table("row", Row)).put(b"key", Row("kept"))

    async with Store(tmp_path / "store", StoreConfig()) as store:
        table = await store.view("test").table("row", Row)

        assert table.get(b"key") == Row("kept")


async def test_the_value_is_that_of_the_moment_of_the_put(rows):
    row = Row("before")

    put = asyncio.ensure_future(rows.put(b"key", row))
    await asyncio.sleep(0)
    row.name = "after"
    await put

    assert rows.get(b"key") == Row("before")


async def test_deleting_says_whether_the_key_was_there(rows):
    await rows.put(b"key", Row("name"))

    assert await rows.delete(b"key") is True
    assert await rows.delete(b"key") is False
    assert rows.get(b"key") is None


async def test_a_prefix_selects_keys_in_order(rows):
    for key in (b"b2", b"a", b"b1", b"c", b"b"):
        await rows.put(key, Row(key.decode()))

    assert list(rows.keys(b"b")) == [b"b", b"b1", b"b2"]
    assert [row.name for _, row in rows.items(b"b")] == ["b", "b1", "b2"]
    assert list(rows.keys()) == [b"a", b"b", b"b1", b"b2", b"c"]
    assert list(rows.items(b"x")) == []
    assert rows.count() == 5


async def test_a_scan_sees_the_moment_in_which_it_began(rows):
    await rows.put(b"a", Row("old"))
    await rows.put(b"b", Row("old"))
    scan = rows.items()
    first = next(scan)

    await rows.put(b"b", Row("new"))

    assert [first, *scan] == [(b"a", Row("old")), (b"b", Row("old"))]


async def test_a_scan_works_on_another_thread(rows):
    await rows.put(b"a", Row("name"))

    assert await asyncio.to_thread(lambda: list(rows.keys())) == [b"a"]


async def test_tables_of_two_plugins_with_one_name_are_apart(store):
    ours = await store.view("ours").table("row", Row)
    theirs = await store.view("theirs").table("row", Row)

    await ours.put(b"key", Row("ours"))

    assert (ours.name, theirs.name) == ("ours/row", "theirs/row")
    assert theirs.get(b"key") is None


async def test_a_table_may_be_asked_for_again(store, rows):
    await rows.put(b"key", Row("name"))

    again = await store.view("test").table("row", Row)

    assert again.get(b"key") == Row("name")


async def test_a_value_of_another_version_is_refused_with_its_facts(store, rows):
    await rows.put(b"key", Row("name"))
    newer = await store.view("test").table("row", Row, version=2)

    with pytest.raises(UnknownVersionError, match="test/row holds a record of version 1, and only version 2") as caught:
        newer.get(b"key")

    assert (caught.value.table, caught.value.found, caught.value.known) == ("test/row", 1, 2)


@pytest.mark.parametrize("version", [-1, 128])
async def test_a_version_that_is_no_byte_is_refused(store, version):
    with pytest.raises(ValueError, match="between 0 and 127"):
        await store.view("test").table("row", Row, version=version)


async def test_a_struct_may_get_further_fields_with_defaults(store, rows):
    await rows.put(b"key", Row("name", 1))

    longer = await store.view("test").table("row", LongRow)

    assert longer.get(b"key") == LongRow("name", 1, "none")


async def test_a_value_of_another_form_is_a_bad_record(store, rows):
    raw = await store.view("test").table("row", bytes)
    await raw.put(b"key", b"\xc1rubbish")

    with pytest.raises(BadRecordError, match="test/row"):
        rows.get(b"key")


async def test_one_bad_record_among_many_is_told(store, rows):
    await rows.put(b"good", Row("name"))
    raw = await store.view("test").table("row", bytes)
    await raw.put(b"bad", b"\xc1rubbish")

    with store.view("test").reading() as transaction:
        assert transaction.get_many(rows, [b"none", b"good", b"good"]) == [None, Row("name"), Row("name")]
        with pytest.raises(BadRecordError, match="test/row"):
            transaction.get_many(rows, [b"good", b"bad"])


@pytest.mark.parametrize("key", [b"", bytes(512)])
async def test_a_key_of_wrong_length_is_refused(rows, key):
    with pytest.raises(StoreError, match="between 1 and 511 bytes"):
        await rows.put(key, Row("name"))


async def test_a_job_changes_tables_of_two_plugins_as_one(store, rows):
    other = await store.view("other").table("raw", bytes)

    def job(transaction):
        transaction.put(rows, b"key", Row("name"))
        transaction.put(other, b"key", b"value")
        return transaction.get(rows, b"key"), list(transaction.items(other)), transaction.delete(rows, b"none")

    assert await store.view("test").write(job) == (Row("name"), [(b"key", b"value")], False)
    assert (rows.get(b"key"), other.get(b"key")) == (Row("name"), b"value")


async def test_a_job_sees_the_keys_that_it_changed(store, rows):
    await rows.put(b"a1", Row(name="kept"))
    await rows.put(b"a2", Row(name="gone"))

    def job(transaction):
        transaction.put(rows, b"a3", Row(name="new"))
        transaction.delete(rows, b"a2")
        return list(transaction.keys(rows, b"a"))

    assert await store.view("test").write(job) == [b"a1", b"a3"]


async def test_many_values_are_put_at_once(store, rows):
    await rows.put(b"b", Row("old"))

    await store.view("test").write(lambda job: job.put_many(rows, [(b"a", Row("new")), (b"b", Row("newer"))]))

    assert list(rows.items()) == [(b"a", Row("new")), (b"b", Row("newer"))]


async def test_keys_that_are_not_greater_are_not_appended(store, rows):
    await rows.put(b"b", Row("old"))

    with pytest.raises(ValueError, match="test/row is not greater"):
        await store.view("test").write(
            lambda job: job.put_many(rows, [(b"c", Row("new")), (b"a", Row("newer"))], append=True)
        )

    assert list(rows.keys()) == [b"b"]


async def test_a_scan_may_begin_at_any_key(rows):
    for key in (b"a", b"c", b"d"):
        await rows.put(key, Row("name"))

    assert [key for key, _ in rows.items(start=b"b")] == [b"c", b"d"]


async def test_the_first_key_of_a_prefix_is_found_that_of_the_same_job_too(store, rows):
    await rows.put(b"b2", Row("name"))

    def job(transaction):
        before = transaction.first_key(rows, b"b"), transaction.first_key(rows, b"c")
        transaction.put(rows, b"b1", Row("name"))
        return *before, transaction.first_key(rows, b"b")

    assert await store.view("test").write(job) == (b"b2", None, b"b1")


async def test_some_values_are_read_at_once(store):
    table = await store.view("test").table("texts", str)
    for key in (b"a", b"c", b"d"):
        await table.put(key, key.decode())

    assert table.some(b"", 2) == ([b"a", b"c"], ["a", "c"])
    assert table.some(b"b", 5) == ([b"c", b"d"], ["c", "d"])
    assert table.some(b"e", 5) == ([], [])


async def test_values_may_be_read_as_they_are_stored(store):
    table = await store.view("test").table("raw", bytes, version=7)
    for key in (b"a", b"b", b"c"):
        await table.put(key, key.upper())

    assert list(table.stored(2)) == [[(b"a", b"\x07A"), (b"b", b"\x07B")], [(b"c", b"\x07C")]]


async def test_nothing_stays_of_a_job_that_raises(store, rows):
    def job(transaction):
        transaction.put(rows, b"key", Row("half"))
        raise LookupError(transaction)

    with pytest.raises(LookupError):
        await store.view("test").write(job)

    assert rows.get(b"key") is None


async def test_a_failing_job_leaves_the_others_of_its_commit_alone(store, rows):
    def job(number):
        def change(transaction):
            transaction.put(rows, b"%d" % number, Row("name", number))
            if number % 5 == 2:
                raise ValueError(number)
            return number

        return change

    view = store.view("test")
    results = await asyncio.gather(*(view.write(job(number)) for number in range(20)), return_exceptions=True)

    assert [number for number, result in enumerate(results) if isinstance(result, ValueError)] == [2, 7, 12, 17]
    assert rows.count() == 16
    assert rows.get(b"7") is None


async def test_a_job_that_raises_stop_iteration_fails_alone(store, rows):
    def fail(_transaction):
        raise StopIteration

    results = await asyncio.gather(
        store.view("test").write(fail), rows.put(b"key", Row("name")), return_exceptions=True
    )

    assert isinstance(results[0], RuntimeError)
    assert rows.get(b"key") == Row("name")


async def test_jobs_happen_in_the_order_in_which_they_were_given(store, rows):
    def add(transaction):
        row = transaction.get(rows, b"sum") or Row("sum")
        transaction.put(rows, b"sum", Row("sum", row.size + 1))
        return row.size

    results = await asyncio.gather(*(store.view("test").write(add) for _ in range(500)))

    assert results == list(range(500))


async def test_writes_that_wait_together_share_commits(store, rows):
    ids = set()

    def job(transaction):
        ids.add(transaction._raw.id())
        transaction.put(rows, b"key", Row("name"))

    await asyncio.gather(*(store.view("test").write(job) for _ in range(1000)))

    assert len(ids) <= 2


async def test_a_job_is_done_as_a_whole_when_nobody_waits_for_it_any_more(store, rows):
    def job(transaction):
        for number in range(100):
            transaction.put(rows, b"%d" % number, Row("name", number))

    waiting = asyncio.ensure_future(store.view("test").write(job))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await rows.put(b"later", Row("name"))

    assert waiting.cancelled()
    assert rows.count() == 101


async def test_what_waits_is_written_before_the_store_closes(tmp_path):
    store = Store(tmp_path / "store", StoreConfig())
    await store.open()
    table = await store.view("test").table("row", Row)
    puts = [asyncio.ensure_future(table.put(b"%d" % number, Row("name"))) for number in range(50)]
    await asyncio.sleep(0)

    await store.close()
    await asyncio.gather(*puts)

    async with Store(tmp_path / "store", StoreConfig()) as store:
        assert (await store.view("test").table("row", Row)).count() == 50


async def test_a_closed_store_refuses_everything(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        view = store.view("test")
        table = await view.table("row", Row)
    await store.close()

    with pytest.raises(StoreError, match="not open"):
        store.view("test")
    with pytest.raises(StoreError, match="closed"):
        await table.put(b"key", Row("name"))
    with pytest.raises(StoreError, match="closed"):
        await view.table("other", Row)
    with pytest.raises(StoreError, match="closed"):
        table.get(b"key")
    with pytest.raises(StoreError, match="closed"):
        list(table.items())
    with pytest.raises(StoreError, match="closed"):
        table.count()


async def test_the_map_grows_when_it_is_full(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(map_size=16 << 20)) as store:
        table = await store.view("test").table("blob", bytes)

        await asyncio.gather(*(table.put(b"%d" % number, bytes(1 << 20)) for number in range(40)))

        assert table.count() == 40


async def test_a_scan_that_stands_still_does_not_stop_a_growing_map_for_ever(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(map_size=16 << 20)) as store:
        table = await store.view("test").table("blob", bytes)
        await table.put(b"a", b"")
        await table.put(b"b", b"")
        scan = table.keys()
        next(scan)

        await table.put(b"c", bytes(20 << 20))

        with pytest.raises(StoreError):
            next(scan)
        assert table.get(b"a") == b""


async def test_the_loop_goes_on_while_much_is_written(store):
    table = await store.view("test").table("blob", bytes)
    puts = asyncio.gather(*(table.put(b"%d" % number, bytes(10_000)) for number in range(3000)))
    turns = 0

    while not puts.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 10  # one or two, if the loop itself wrote
    assert table.count() == 3000


async def test_too_many_tables_are_refused_in_words(store):
    view = store.view("test")
    for number in range(128):
        await view.table(f"table{number}", bytes)

    with pytest.raises(StoreError, match="128 tables"):
        await view.table("one_more", bytes)
