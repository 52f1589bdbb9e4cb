"""``GET /statistics/history``: what was transferred when, restarts and crashes included."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import connect, mount_disk, upload, wait_for_status
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import seeder
from triblerd_statistics.transfers import NOTHING, Entry, Period, TransferHistory, Transferred

__all__ = ["mount_disk", "seeder"]

DAY = 86400
NOON = 20000 * DAY + 12 * 3600


class Odometer:
    """Counts what a test says, once."""

    def __init__(self) -> None:
        self.next = NOTHING

    async def read(self) -> Transferred:
        told, self.next = self.next, NOTHING
        return told


class Bench:
    def __init__(self, store, view, table) -> None:
        self.now = float(NOON)
        self.meter = Odometer()
        self.store = store
        self.history = TransferHistory(view=view, table=table, meter=self.meter, clock=lambda: self.now)

    async def transfer(self, *amounts: int) -> None:
        self.meter.next = Transferred(*amounts)
        await self.history.sample()


@pytest.fixture
def start_bench():
    """Open a store, and count."""

    @asynccontextmanager
    async def start(folder):
        async with Store(folder, StoreConfig()) as store:
            view = store.view("statistics")
            yield Bench(store, view, await view.table("transfer", Entry))

    return start


@pytest.fixture
async def bench(start_bench, tmp_path):
    async with start_bench(tmp_path / "store") as bench:
        yield bench


async def test_what_is_transferred_in_one_hour_is_one_entry(bench):
    await bench.transfer(1, 2, 3, 4)
    bench.now += 3599
    await bench.transfer(10, 20, 30, 40)

    assert bench.history.history(Period.HOUR) == [Entry(NOON, Transferred(11, 22, 33, 44))]
    assert bench.history.history(Period.DAY) == [Entry(20000 * DAY, Transferred(11, 22, 33, 44))]


async def test_the_total_goes_back_to_the_first_transfer(bench):
    await bench.transfer(1)
    bench.now += 400 * DAY
    await bench.transfer(2)

    assert bench.history.total() == Entry(NOON, Transferred(3))


async def test_hours_without_a_transfer_have_no_entry_and_write_nothing(bench):
    before = bench.store.figures().jobs

    await bench.transfer(0, 0, 0, 0)

    assert bench.history.history(Period.HOUR) == []
    assert bench.history.total() is None
    assert bench.store.figures().jobs == before


async def test_the_history_begins_where_a_client_wants(bench):
    for _ in range(3):
        await bench.transfer(1)
        bench.now += 3600

    times = [entry.time for entry in bench.history.history(Period.HOUR, NOON + 1)]

    assert times == [NOON + 3600, NOON + 7200]


async def test_two_weeks_of_hours_are_kept_and_all_their_days(bench):
    for _ in range(15 * 24):
        bench.now += 3600
        await bench.transfer(1)

    hours = bench.history.history(Period.HOUR)
    assert (len(hours), hours[-1].time) == (14 * 24, bench.now)
    assert sum(day.transferred.downloaded for day in bench.history.history(Period.DAY)) == 15 * 24


async def test_a_clock_that_was_wrong_for_a_moment_loses_no_history(bench):
    await bench.transfer(1)
    bench.now += 200 * 365 * DAY
    await bench.transfer(2)
    bench.now = -5
    await bench.transfer(3)

    assert [entry.transferred.downloaded for entry in bench.history.history(Period.DAY)] == [3, 1, 2]


async def test_what_a_full_disk_does_not_take_is_stored_later(start_bench, mount_disk, caplog):
    disk = mount_disk("disk", "size=1m")
    async with start_bench(disk / "store") as bench:
        filling = disk / "filling"
        filling.write_bytes(bytes(shutil.disk_usage(disk).free))
        await bench.transfer(1)
        filling.unlink()

        await bench.transfer(2)

        assert bench.history.total() == Entry(NOON, Transferred(3))
    assert "not stored for now" in caplog.text


async def test_a_sample_that_is_cancelled_while_it_is_written_counts_once(bench):
    bench.meter.next = Transferred(5)
    sample = asyncio.create_task(bench.history.sample())
    await asyncio.sleep(0)
    sample.cancel()
    await asyncio.gather(sample, return_exceptions=True)

    await bench.transfer(2)

    assert bench.history.total() == Entry(NOON, Transferred(7))


def test_a_counter_that_shrank_has_begun_anew():
    assert Transferred(5, 10).since(Transferred(7, 4)) == Transferred(5, 6)


async def test_before_anything_was_transferred_the_history_is_empty(start_daemon):
    async with start_daemon("statistics") as daemon:
        answer = await daemon.get("/statistics/history")

    nothing = {"downloaded": 0, "uploaded": 0, "received": 0, "sent": 0}
    assert answer == {"since": None, "total": nothing, "period": "day", "history": []}


async def test_a_download_is_counted_across_restarts(start_daemon, seeder, tmp_path):
    torrent = seeder.seed_new(b"film" * 50_000)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with start_daemon("statistics", "downloads", config=config) as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

    async with start_daemon("statistics", "downloads") as daemon:
        await daemon.request("PATCH", "/plugins/statistics", json={"reload": True})
        answer = await daemon.get("/statistics/history?period=hour")

    assert torrent.size <= answer["total"]["downloaded"] <= answer["total"]["received"] < 2 * torrent.size
    assert answer["total"]["sent"] > 0
    assert sum(hour["downloaded"] for hour in answer["history"]) == answer["total"]["downloaded"]
    assert answer["history"][0]["time"] % 3600 == 0
    assert answer["since"] >= answer["history"][0]["time"]


async def test_a_killed_daemon_has_kept_what_it_counted(daemon_process, seeder, tmp_path):
    torrent = seeder.seed_new(b"film" * 50_000)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}, "statistics": {"sample_interval": 1}}
    async with daemon_process("statistics", "downloads", config=config) as daemon:
        magnet = {"uri": seeder.magnet(torrent)}
        await daemon.put("/downloads", json=magnet)

        async def counted():
            total = (await daemon.get("/statistics/history"))["total"]
            return total if total["downloaded"] >= torrent.size else None

        before = await wait_for(counted)
        daemon.kill()
        await daemon.start()
        after = (await daemon.get("/statistics/history"))["total"]

    assert all(after[name] >= before[name] for name in before)
    assert after["downloaded"] < 2 * torrent.size


async def test_a_part_of_the_history_that_cannot_be_is_refused(start_daemon):
    async with start_daemon("statistics") as daemon:
        for query in ("period=week", "since=-1", "since=now", "since=99999999999999"):
            answer = await daemon.get(f"/statistics/history?{query}", status=400)
            assert answer["error"].startswith(query.partition("=")[0])
