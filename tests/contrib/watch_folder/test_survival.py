"""The program is killed while it adds: nothing is lost, nothing comes twice, nothing that was removed comes back."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.contrib.watch_folder.conftest import names_in, watch_of
from triblerd.testing import wait_for
from triblerd_downloads.api import DownloadRecord, Downloads

COUNT = 60


@pytest.fixture
def start_program(daemon_process, tmp_path, watched):
    @asynccontextmanager
    async def run(**options):
        config = {
            "download_defaults": {"saveas": str(tmp_path / "saved")},
            "watch_folder": {
                "check_interval": 0.1,
                "folders": {"inbox": {"directory": str(watched), "paused": True, **options}},
            },
        }
        async with daemon_process("watch_folder", config=config) as daemon:
            yield daemon

    return run


async def names(daemon):
    return sorted(row["name"] for row in (await daemon.get("/downloads"))["downloads"])


async def is_done(daemon):
    (report,) = (await daemon.get("/watch_folder"))["folders"]
    return report["state"] == "watching" and report["waiting"] == 0 and report["last_scan"]


@pytest.mark.parametrize("after", ["keep", pytest.param("rename", marks=pytest.mark.soak)])
async def test_killed_while_it_adds_it_goes_on_where_it_was(start_program, watched, torrent, after):
    made = {f"film{number:02}": torrent(f"film{number:02}") for number in range(COUNT)}
    for name, film in made.items():
        (watched / f"{name}.torrent").write_bytes(film.metainfo)

    async with start_program(after=after) as daemon:
        await wait_for(lambda: names(daemon))
        daemon.kill()
        await daemon.start()
        await wait_for(lambda: is_done(daemon), 20)
        assert await names(daemon) == list(made)
        for name in ("film00", "film59"):
            await daemon.delete(f"/downloads/{made[name].infohash}", json={"remove_data": False})
        daemon.kill()
        await daemon.start()
        await wait_for(lambda: is_done(daemon), 20)

        assert await names(daemon) == list(made)[1:-1]
    ending = ".torrent" if after == "keep" else ".torrent.added"
    assert names_in(watched) == [f"{name}{ending}" for name in made]


async def test_what_is_broken_off_is_there_or_not_there(start, watched, torrent):
    async with start(directory="") as daemon:
        downloads = daemon.daemon.container.services().find(Downloads)
        store = daemon.daemon.container.store().view("downloads")
        rows = await store.table("row", DownloadRecord)
        watch = await watch_of(daemon, watched)

        for turns in range(COUNT):
            (watched / f"{turns}.torrent").write_bytes(torrent(f"film{turns:02}").metainfo)
            scan = asyncio.create_task(watch.scan())
            for _ in range(turns):
                await asyncio.sleep(0.0005)
            scan.cancel()
            await asyncio.wait([scan])
            await store.write(lambda _: None)  # what waits is written before

            assert rows.count() == len(downloads.all())
        await watch.scan()

        assert sorted(download.record.name for download in downloads.all()) == [f"film{n:02}" for n in range(COUNT)]
