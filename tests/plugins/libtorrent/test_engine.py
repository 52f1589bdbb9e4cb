import asyncio
import time

import msgspec
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.api import (
    DownloadFinished,
    EngineError,
    EngineState,
    Infohash,
    MetadataReceived,
    StorageMoved,
    StorageMoveFailed,
    TorrentChecked,
    UnknownTorrentError,
)
from triblerd_libtorrent.testing import Seeder, TorrentVersion, make_torrent

MANY_FILES = {"a/one.bin": b"1" * 50_000, "two.bin": b"2" * 40_000, "three.txt": b"3"}


@pytest.mark.parametrize("version", TorrentVersion)
async def test_a_torrent_of_each_generation_is_downloaded(start_engine, seeder, version):
    torrent = seeder.seed_new(MANY_FILES, version=version)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)

        assert (bench.folder / "tiny/a/one.bin").read_bytes() == b"1" * 50_000
        assert bench.engine.status(torrent.infohash).is_seeding
        assert await bench.event(DownloadFinished) == DownloadFinished(torrent.infohash)


@pytest.mark.parametrize("version", TorrentVersion)
async def test_the_metadata_of_a_magnet_come_from_a_peer(start_engine, seeder, version):
    torrent = seeder.seed_new(MANY_FILES, version=version)

    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
        received = await bench.event(MetadataReceived)
        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert received.infohash == torrent.infohash
        assert [file.path for file in received.metainfo.files if not file.is_pad] == list(torrent.files)
        stored = bench.stored.metainfo(torrent.infohash)
        assert stored
        assert stored.startswith(received.metainfo.raw[:-1])  # what may follow are the hashes of the pieces


async def test_a_hybrid_torrent_keeps_the_name_that_its_magnet_gave_it(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES, version=TorrentVersion.HYBRID)
    v2_hash = bytes.fromhex(torrent.magnet.partition("btmh:1220")[2][:64])
    link = f"magnet:?xt=urn:btmh:1220{v2_hash.hex()}&x.pe={seeder.address}"

    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(link))
        received = await bench.event(MetadataReceived)
        name = Infohash(v2_hash[:20].hex())
        await bench.row(name, lambda row: row.is_seeding)
        await bench.engine.checkpoint(name)

        assert received.infohash == name
        assert bench.stored.resume_data(name)

    async with start_engine() as bench:
        assert not await bench.engine.add_many([bench.magnet_wish(link)])
        assert (await bench.row(name, lambda row: row.is_seeding)).has_metadata


async def test_the_first_byte_from_a_peer_without_utp_comes_at_once(start_engine, tmp_path):
    with Seeder(tmp_path / "tcp", tcp_only=True) as seeder:
        torrent = seeder.seed_new(b"x" * 3_000_000)
        async with start_engine() as bench:
            begun = time.monotonic()
            await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
            await bench.row(torrent.infohash, lambda row: row.total_payload_download)

            assert time.monotonic() - begun < 0.8


async def test_a_second_add_of_a_torrent_is_refused(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))

        with pytest.raises(EngineError, match="already"):
            await bench.engine.add(bench.wish(torrent))


async def test_an_unknown_torrent_is_an_error(start_engine):
    async with start_engine() as bench:
        with pytest.raises(UnknownTorrentError):
            bench.engine.pause(Infohash("0" * 40))


async def test_a_paused_torrent_transfers_nothing_until_it_is_resumed(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 500_000)

    async with start_engine() as bench:
        first = await bench.engine.add(bench.wish(torrent, is_paused=True))
        assert first.is_paused
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        bench.engine.resume(torrent.infohash)
        await bench.row(torrent.infohash, lambda row: row.is_seeding)
        bench.engine.pause(torrent.infohash)

        assert (await bench.row(torrent.infohash, lambda row: row.is_paused)).download_payload_rate >= 0


async def test_unselected_files_are_not_downloaded(start_engine, seeder):
    torrent = seeder.seed_new({"a": b"a" * 100_000, "b": b"b" * 100_000, "c": b"c" * 100_000})

    async with start_engine() as bench:
        await bench.download(torrent, seeder, priorities=(0, 4, 0))
        row = await bench.row(torrent.infohash, lambda row: row.is_finished)
        assert not row.is_seeding
        assert not (bench.folder / "tiny/c").exists()

        bench.engine.set_priorities(torrent.infohash, [4, 4, 4])
        await bench.row(torrent.infohash, lambda row: row.is_seeding)
        assert (bench.folder / "tiny/c").read_bytes() == b"c" * 100_000


async def test_a_recheck_finds_damage_and_leaves_a_paused_torrent_paused(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 200_000)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        bench.engine.pause(torrent.infohash)
        await bench.row(torrent.infohash, lambda row: row.is_paused)
        with (bench.folder / "tiny").open("r+b") as file:
            file.write(b"damage")
        bench.events.clear()
        await bench.engine.recheck(torrent.infohash)
        await bench.event(TorrentChecked)
        row = await bench.row(torrent.infohash, lambda row: row.is_paused and row.state is EngineState.DOWNLOADING)

        assert row.num_pieces == 12


async def test_a_move_takes_the_files_along(start_engine, seeder, tmp_path):
    torrent = seeder.seed_new(MANY_FILES)
    (tmp_path / "elsewhere").mkdir()

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        await bench.engine.move_storage(torrent.infohash, str(tmp_path / "elsewhere"))
        moved = await bench.event(StorageMoved)

        assert moved.save_path == str(tmp_path / "elsewhere")
        assert (tmp_path / "elsewhere/tiny/three.txt").read_bytes() == b"3"
        assert not (bench.folder / "tiny/three.txt").exists()


async def test_a_move_never_replaces_a_file(start_engine, seeder, tmp_path):
    torrent = seeder.seed_new(b"x" * 100)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/tiny").write_bytes(b"precious")

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        await bench.engine.move_storage(torrent.infohash, str(tmp_path / "elsewhere"))
        failed = await bench.event(StorageMoveFailed)

        assert failed.error == "File exists"
        assert (tmp_path / "elsewhere/tiny").read_bytes() == b"precious"
        assert (bench.folder / "tiny").exists()


async def test_removing_leaves_the_files_unless_wanted(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        await bench.engine.remove(torrent.infohash)

        assert not bench.engine.has(torrent.infohash)
        assert (bench.folder / "tiny").exists()


async def test_removing_with_data_takes_only_the_torrents_files(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        await bench.download(torrent, seeder)
        (bench.folder / "tiny/mine.txt").write_text("mine")
        await bench.engine.remove(torrent.infohash, remove_data=True)

        assert [path.name for path in bench.folder.rglob("*")] == ["tiny", "mine.txt"]


async def test_a_torrent_can_be_added_again_right_after_its_removal(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100_000)

    async with start_engine() as bench:
        for _ in range(5):
            await bench.download(torrent, seeder)
            await bench.engine.remove(torrent.infohash, remove_data=True)
            assert not list(bench.folder.iterdir())


async def test_peers_files_and_pieces_are_told_on_request(start_engine, seeder):
    torrent = seeder.seed_new({"a": b"a" * 400_000, "b": b"b" * 100})
    seeder.limit(30_000)

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        await bench.row(torrent.infohash, lambda row: row.num_pieces)
        (peer,) = await bench.swarm.peers(torrent.infohash)
        progress = await bench.engine.piece_access.file_progress(torrent.infohash)
        pieces = await bench.engine.piece_access.bitmap(torrent.infohash)

        assert (peer.ip, peer.port, peer.is_seed, peer.completed) == ("127.0.0.1", seeder.port, True, 1.0)
        assert peer.client.startswith("libtorrent")
        assert sum(progress) > 0
        assert len(pieces) == 4
        assert any(pieces)


async def test_changed_rate_limits_hold_at_once(start_engine, seeder):
    torrent = seeder.seed_new(b"x" * 100)

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))
        bench.engine.set_limits(torrent.infohash, upload=1000, download=2000)
        bench.engine.reconfigure(
            type(bench.engine._config)(max_upload_rate=5000, max_download_rate=2**40, listen_interface="127.0.0.1")
        )
        settings = await bench.engine.sites.session_settings(0)

        assert bench.engine.session_rate_limits() == (5000, 2**31 - 1)
        assert (settings["upload_rate_limit"], settings["download_rate_limit"]) == (5000, 2**31 - 1)


async def test_a_changed_port_is_listened_on_at_once(start_engine):
    async with start_engine() as bench:
        (before,) = await wait_for(bench.engine.sites.listening_ports)
        bench.engine.reconfigure(msgspec.structs.replace(bench.engine._config, listen_interface="127.0.0.2"))
        await wait_for(lambda: bench.engine.sites.listening_ports() not in ([], [before]))
        (port,) = bench.engine.sites.listening_ports()
        _, writer = await asyncio.open_connection("127.0.0.2", port)
        writer.close()
        await writer.wait_closed()


async def test_the_queue_stops_nothing_that_is_not_queued(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, b"%d" % number, name=f"t{number}") for number in range(12)]

    async with start_engine(active_downloads=1, active_limit=1) as bench:
        assert not await bench.engine.add_many([bench.wish(torrent) for torrent in torrents])
        for torrent in torrents:
            row = await bench.row(torrent.infohash, lambda row: row.state is EngineState.DOWNLOADING)
            assert not row.is_paused
            assert not row.is_auto_managed
