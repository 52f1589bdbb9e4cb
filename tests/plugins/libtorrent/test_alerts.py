import asyncio
import ctypes
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.api import Infohash, PieceFinished, TorrentFailed, TorrentStatus
from triblerd_libtorrent.listeners import Listeners
from triblerd_libtorrent.testing import make_torrent


async def test_lost_alerts_are_made_up_for(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, b"%d" % number, name=f"t{number}") for number in range(120)]
    kept, removed = torrents[:-40], torrents[-40:]

    async with start_engine() as bench:
        assert not await bench.engine.add_many([bench.wish(torrent, is_paused=True) for torrent in removed])
        # A queue so short that most of what follows does not fit.
        session = bench.engine._sites[0].session
        session.apply({**session._settings, "alert_queue_size": 10})
        adding = bench.engine.add_many([bench.wish(torrent) for torrent in kept])
        removing = [bench.engine.remove(torrent.infohash) for torrent in removed]
        (refused, *_) = await asyncio.gather(adding, *removing, bench.engine.checkpoint())

        assert not refused
        for torrent in kept:
            await bench.row(torrent.infohash)
        assert not any(bench.engine.has(torrent.infohash) for torrent in removed)


async def test_an_idle_engine_asks_for_nothing(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, b"%d" % number, name=f"t{number}") for number in range(100)]

    async with start_engine() as bench:
        assert not await bench.engine.add_many([bench.wish(torrent, is_paused=True) for torrent in torrents])
        await bench.engine.checkpoint()
        await wait_for(lambda: bench.engine._sites[0].board._timer is None)
        await asyncio.sleep(0.3)  # the answer to the last question
        bench.events.clear()
        process = psutil.Process()
        before, begun = process.cpu_times(), time.monotonic()
        await asyncio.sleep(2)
        after = process.cpu_times()

        assert (after.user + after.system - before.user - before.system) / (time.monotonic() - begun) <= 0.02
        assert bench.engine._sites[0].board._timer is None
        assert not bench.events


async def test_pieces_are_told_only_while_somebody_listens(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 300_000)
    heard: list[PieceFinished] = []

    async with start_engine() as bench:
        unlisten = bench.engine.listen(PieceFinished, heard.append)
        await bench.download(torrent, seeder)
        await wait_for(lambda: len(heard) == 19)
        unlisten()
        settings = await bench.engine.sites.session_settings(0)

        assert {event.piece for event in heard} == set(range(19))
        assert not settings["alert_mask"] & (1 << 22)


async def test_a_listener_that_fails_does_not_hurt_the_others(caplog):
    listeners = Listeners()
    heard: list[TorrentFailed] = []

    def fails(_: TorrentFailed) -> None:
        msg = "no"
        raise ValueError(msg)

    listeners.listen(TorrentFailed, fails)
    listeners.listen(TorrentFailed, heard.append)
    listeners.tell(TorrentFailed(Infohash("0" * 40), "text"))

    assert len(heard) == 1
    assert "A listener failed" in caplog.text


@pytest.fixture
def small_disk():
    """A file system of 4 MiB."""
    folder = Path(tempfile.mkdtemp())
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", str(folder).encode(), b"tmpfs", 0, b"size=4m"):
        pytest.fail(f"cannot mount a small file system: errno {ctypes.get_errno()}")
    yield folder
    assert libc.umount2(str(folder).encode(), 2) == 0  # as soon as nobody uses it
    folder.rmdir()


async def test_a_full_disk_is_told_and_the_download_goes_on_when_there_is_room(start_engine, seeder, small_disk):
    torrent = seeder.seed_new(b"x" * 3_000_000, piece_length=64 * 1024)
    (small_disk / "other").write_bytes(b"o" * 3_000_000)

    def has_error(row: TorrentStatus) -> bool:
        return bool(row.error)

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent, save_path=str(small_disk)))
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        failed = await bench.event(TorrentFailed)
        await bench.row(torrent.infohash, has_error)
        assert failed.error == "No space left on device"

        (small_disk / "other").unlink()
        bench.engine.resume(torrent.infohash)
        row = await bench.row(torrent.infohash, lambda row: row.is_seeding)
        assert not row.error
        assert (small_disk / "tiny").read_bytes() == b"x" * 3_000_000
