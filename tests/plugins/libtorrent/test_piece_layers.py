"""Torrents of version 2 that came by magnet: their torrent files are whole once the hashes of the pieces are known."""

import dataclasses
import random

import libtorrent as lt
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.api import MetainfoError
from triblerd_libtorrent.metainfo import MOST_BYTES, add_piece_layers, has_piece_layers, wrap_info
from triblerd_libtorrent.testing import Seeder, TorrentVersion, make_torrent

FILES = {name: random.Random(name).randbytes(size) for name, size in {"a": 300_000, "b": 70_000, "c": 4}.items()}
WITH_LAYERS = [TorrentVersion.V2, TorrentVersion.HYBRID]


def info_of(raw):
    info = lt.load_torrent_buffer(raw).ti
    assert info
    return info.info_section()


def decoded(raw):
    return lt.bdecode(raw)


def without_layers(torrent):
    return wrap_info(info_of(torrent.metainfo), [])


async def complete_file(bench, torrent):
    def stored():
        raw = bench.stored.metainfo(torrent.infohash)
        return raw if raw and has_piece_layers(raw, info_of(raw)) else None

    return await wait_for(stored, what="the torrent file with its piece layers")


@pytest.mark.parametrize("selected", [(), (4, 0, 0)])
@pytest.mark.parametrize("version", WITH_LAYERS)
async def test_the_torrent_file_of_a_finished_magnet_serves_other_programs(
    start_engine, seeder, tmp_path, version, selected
):
    torrent = seeder.seed_new(FILES, name="album", version=version)
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent), priorities=selected))
        await bench.row(torrent.infohash, lambda row: row.has_metadata and row.is_finished)
        raw = await complete_file(bench, torrent)

    assert info_of(raw) == info_of(torrent.metainfo)
    assert decoded(raw)[b"piece layers"] == decoded(torrent.metainfo)[b"piece layers"]
    received = dataclasses.replace(torrent, metainfo=raw)
    with Seeder(tmp_path) as giving, Seeder(tmp_path) as taking:
        giving.seed(received)
        taking.leech(received, tmp_path / "taken", giving.host, giving.port)
        await wait_for(lambda: taking.progress(received) == 1.0, what="the other program's download")
    assert {path: (tmp_path / "taken" / "album" / path).read_bytes() for path in FILES} == FILES


@pytest.mark.parametrize("version", WITH_LAYERS)
async def test_the_torrent_file_of_half_a_magnet_is_whole_after_a_pause(start_engine, seeder, version):
    torrent = seeder.seed_new(FILES, version=version)
    seeder.limit(100_000)
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
        await bench.row(torrent.infohash, lambda row: row.num_pieces > 0)
        bench.engine.pause(torrent.infohash)

        await complete_file(bench, torrent)
        assert not (await bench.row(torrent.infohash)).is_finished


async def test_trackers_of_a_magnet_stay_in_its_torrent_file(start_engine, seeder):
    torrent = seeder.seed_new(FILES, version=TorrentVersion.V2)
    tracker = "http://127.0.0.1:9/announce"
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(f"{seeder.magnet(torrent)}&tr={tracker}"))
        raw = await complete_file(bench, torrent)

        assert (await bench.engine.parse_metainfo(raw)).trackers == ((tracker,),)


async def test_a_torrent_that_was_forgotten_does_not_come_back(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES, version=TorrentVersion.V2)
    async with start_engine() as bench:
        await bench.store.write(
            lambda transaction: bench.stored.complete_metainfo(transaction, torrent.infohash, torrent.metainfo)
        )

        assert bench.stored.metainfo(torrent.infohash) is None


async def test_a_torrent_that_was_removed_meanwhile_is_left_alone(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES, version=TorrentVersion.V2)
    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))
        (removed,) = bench.engine._torrents
        await bench.engine.remove(torrent.infohash)

        await bench.engine._metadata.complete(removed)

        assert bench.stored.metainfo(torrent.infohash) is None


async def resume_data(bench, torrent, **changes):
    await bench.engine.add(bench.wish(torrent, is_paused=True, **changes))
    await bench.engine.checkpoint(torrent.infohash)
    return bench.stored.resume_data(torrent.infohash)


async def test_what_stands_beside_the_info_stays(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES, version=TorrentVersion.V2, web_seeds=("http://127.0.0.1:9/",))
    entries = decoded(torrent.metainfo)
    layers = entries.pop(b"piece layers")
    async with start_engine() as bench:
        data = await resume_data(bench, torrent)

        whole = add_piece_layers(lt.bencode(entries), data)

    assert decoded(whole) == entries | {b"piece layers": layers}


async def test_hashes_that_are_not_known_are_not_made_up(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES, version=TorrentVersion.V2)
    incomplete = dataclasses.replace(torrent, metainfo=without_layers(torrent))
    async with start_engine() as bench:
        data = await resume_data(bench, incomplete)

    for known in (data, b"rubbish", b"de"):
        with pytest.raises(MetainfoError, match=r"^The hashes of the pieces are not known: "):
            add_piece_layers(incomplete.metainfo, known)


async def test_a_torrent_file_that_would_be_too_large_stays_as_it_is(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES, version=TorrentVersion.V2)
    raw = without_layers(torrent)
    padding = b"1:a" + lt.bencode(bytes(MOST_BYTES - len(raw) - 200))
    async with start_engine() as bench:
        data = await resume_data(bench, torrent)

    with pytest.raises(MetainfoError, match="larger"):
        add_piece_layers(b"d" + padding + raw[1:], data)
