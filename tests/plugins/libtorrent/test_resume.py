from collections.abc import Mapping

import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentWish
from triblerd_libtorrent.testing import TorrentVersion, make_torrent


async def blocks_read(bench) -> int:
    # The engine counts no hashed blocks in a check, but the reads that hashing takes.
    counters: Mapping[str, int] = await bench.engine.sites.session_counters(0)
    return counters["disk.num_read_ops"]


@pytest.mark.parametrize("version", TorrentVersion)
async def test_a_finished_download_is_not_hashed_again_after_a_restart(start_engine, seeder, version):
    torrent = seeder.seed_new({"a": b"a" * 300_000, "b": b"b" * 70_000}, version=version)
    async with start_engine() as bench:
        await bench.keep(torrent)
        await bench.download(torrent, seeder)

    async with start_engine() as bench:
        wish = TorrentWish(infohash=torrent.infohash, source=None, save_path=str(bench.folder))
        assert not await bench.engine.add_many([wish])
        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert await blocks_read(bench) == 0


@pytest.mark.parametrize("version", TorrentVersion)
async def test_a_half_download_goes_on_from_its_last_checkpoint(start_engine, seeder, version):
    torrent = seeder.seed_new(bytes(range(256)) * 4000, version=version)
    seeder.limit(300_000)
    async with start_engine() as bench:
        await bench.keep(torrent)
        await bench.engine.add(bench.wish(torrent))
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        await bench.row(torrent.infohash, lambda row: row.num_pieces > 5)
        await bench.engine.checkpoint(torrent.infohash)
        saved = bench.stored.resume_data(torrent.infohash)
        bench.engine.pause(torrent.infohash)
        at_least = (await bench.row(torrent.infohash, lambda row: row.is_paused)).num_pieces
        assert saved

    seeder.limit(0)
    async with start_engine() as bench:
        wish = TorrentWish(infohash=torrent.infohash, source=None, save_path=str(bench.folder), is_paused=True)
        first = await bench.engine.add(wish)
        assert first.name == "tiny"
        assert (await bench.row(torrent.infohash, lambda row: row.num_pieces >= at_least)).is_paused
        assert await blocks_read(bench) == 0

        bench.engine.resume(torrent.infohash)
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        await bench.row(torrent.infohash, lambda row: row.is_seeding)
        assert (bench.folder / "tiny").read_bytes() == bytes(range(256)) * 4000


async def test_stopped_torrents_are_not_saved_again(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, b"%d" % number, name=f"t{number}") for number in range(150)]
    async with start_engine() as bench:
        assert not await bench.engine.add_many([bench.wish(torrent, is_paused=True) for torrent in torrents])
        await bench.engine.checkpoint()
        assert all(bench.stored.resume_data(torrent.infohash) for torrent in torrents)
        for torrent in torrents:
            await bench.keep(torrent)

    async with start_engine() as bench:
        wishes = [
            TorrentWish(infohash=torrent.infohash, source=None, save_path=str(bench.folder), is_paused=True)
            for torrent in torrents
        ]
        assert not await bench.engine.add_many(wishes)
        await bench.row(torrents[-1].infohash)

        assert not any(torrent.is_unsaved for torrent in bench.engine._torrents)


async def test_resume_data_of_a_removed_torrent_are_dropped(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100_000)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        await bench.engine.remove(torrent.infohash)
        await bench.store.write(lambda transaction: bench.stored.forget(transaction, torrent.infohash))
        await bench.engine.checkpoint()

        assert bench.stored.resume_data(torrent.infohash) is None


async def test_broken_resume_data_cost_a_check_and_nothing_else(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100_000)
    async with start_engine() as bench:
        await bench.keep(torrent)
        await bench.download(torrent, seeder)

    async with start_engine() as bench:
        await bench.store.write(lambda t: bench.stored.keep_resume_data(t, torrent.infohash, b"rubbish"))
        await bench.engine.add(TorrentWish(infohash=torrent.infohash, source=None, save_path=str(bench.folder)))
        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert await blocks_read(bench) > 0


async def test_a_finished_download_is_saved_at_once(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100_000)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        await wait_for(lambda: bench.stored.resume_data(torrent.infohash), what="resume data")


async def test_a_torrent_that_is_removed_while_others_are_saved_is_left_out(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, bytes([number]) * 100, name=f"film{number}") for number in range(2)]
    async with start_engine() as bench:
        for torrent in torrents:
            await bench.engine.add(bench.wish(torrent))
        listed = list(bench.engine._torrents)
        await bench.engine.remove(torrents[0].infohash)

        await bench.engine._checkpoints.save(listed)
        await bench.engine._checkpoints.save(listed[:1])

        assert bench.stored.resume_data(torrents[1].infohash)
