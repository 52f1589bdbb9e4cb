"""Between the metadata of a magnet link and what is wanted of its files, nobody sees anything but a download."""

import libtorrent as lt
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent import api
from triblerd_libtorrent.api import EngineState
from triblerd_libtorrent.testing import Seeder, make_torrent

PIECE = 16 * 1024
TREE = {"a": b"a" * 6 * PIECE, "b": b"b" * 6 * PIECE, "empty": b""}


def rows_of(bench, infohash):
    return [row for event in bench.told(api.StatusesUpdated) for row in event.statuses if row.infohash == infohash]


@pytest.mark.parametrize("priorities", [(), (4,), (0, 0, 4), (0,) * 7 + (4,)])
async def test_a_magnet_is_finished_once_and_not_before_it_has_begun(start_engine, seeder, priorities):
    torrent = seeder.seed_new(TREE)
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent), priorities=priorities))

        await wait_for(lambda: bench.told(api.DownloadFinished), what="the end")
        row = await bench.row(torrent.infohash, lambda row: row.is_finished)

    assert len(bench.told(api.DownloadFinished)) == 1
    assert row.total_wanted == row.total_wanted_done == {(4,): 6 * PIECE, (0, 0, 4): 0}.get(priorities, 12 * PIECE)
    complete = [row for row in rows_of(bench, torrent.infohash) if row.is_finished or row.progress == 1]
    assert all(row.has_metadata and row.total_wanted == row.total_wanted_done for row in complete)


async def test_files_that_are_there_already_are_told_as_finished(start_engine, seeder):
    torrent = seeder.seed_new(TREE)
    async with start_engine() as bench:
        make_torrent(bench.folder, TREE)
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))

        row = await bench.row(torrent.infohash, lambda row: row.is_seeding)
        await wait_for(lambda: bench.told(api.DownloadFinished), what="the end")

    assert row.total_payload_download == 0
    assert len(bench.told(api.DownloadFinished)) == 1


async def test_what_is_complete_but_for_empty_files_has_them(start_engine, seeder):
    torrent = seeder.seed_new(TREE)
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))

        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert (bench.folder / "tiny" / "empty").read_bytes() == b""


async def test_the_peer_that_sent_the_metadata_is_not_left(start_engine, tmp_path):
    with Seeder(tmp_path, upload_limit=40_000) as seeder:
        torrent = seeder.seed_new({"a": b"a" * 400_000})
        async with start_engine() as bench:
            await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))

            await bench.row(torrent.infohash, lambda row: row.state is EngineState.DOWNLOADING and row.num_pieces > 1)

            counters = await bench.engine.sites.session_counters(0)
    assert counters["peer.disconnected_peers"] == 0


async def test_a_magnet_keeps_its_place_in_the_queue(start_engine, seeder, tmp_path):
    seeder.limit(20_000)
    torrent = seeder.seed_new({"a": b"a" * 400_000})
    others = [make_torrent(tmp_path, bytes([number]) * 50_000, name=f"other {number}") for number in range(3)]
    async with start_engine() as bench:
        await bench.engine.add(bench.wish(others[0], is_paused=True))
        await bench.engine.add(bench.magnet_wish(torrent.magnet))
        for other in others[1:]:
            await bench.engine.add(bench.wish(other, is_paused=True))
        await bench.row(torrent.infohash, lambda row: row.queue_position == 1)

        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        row = await bench.row(torrent.infohash, lambda row: row.num_pieces)

    assert row.queue_position == 1


async def test_a_magnet_that_was_killed_before_its_files_were_accepted_wants_them_afterwards(start_engine, seeder):
    torrent = seeder.seed_new(TREE)
    async with start_engine() as bench:
        outside = bench.folder.parent / "outside"
        outside.mkdir()
        bench.folder.mkdir(exist_ok=True)
        link = bench.folder / "tiny"
        link.symlink_to(outside)
        wish = bench.magnet_wish(seeder.magnet(torrent))
        await bench.engine.add(wish)
        refused = await bench.row(torrent.infohash, lambda row: row.error)
        await bench.engine.checkpoint(torrent.infohash)
        assert bench.stored.resume_data(torrent.infohash)
        await bench.engine.remove(torrent.infohash)
        link.unlink()

        await bench.engine.add(wish)
        row = await bench.row(torrent.infohash, lambda row: row.is_seeding)

    assert (refused.state, refused.has_metadata, refused.is_finished) == (EngineState.METADATA, False, False)
    assert row.total_done == torrent.size
    assert list(outside.iterdir()) == []


async def test_metadata_that_nobody_was_told_of_are_found_when_alerts_were_lost(start_engine, seeder):
    torrent = seeder.seed_new(TREE)
    async with start_engine() as bench:
        session = bench.engine._sites[0].session
        handlers = session._pump._handlers
        came = handlers.pop(lt.metadata_received_alert)
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
        handle = bench.engine._torrents.get(torrent.infohash).handle
        await wait_for(lambda: handle.torrent_file() is not None, what="the metadata")
        handlers[lt.metadata_received_alert] = came

        for handler in handlers[lt.alerts_dropped_alert]:
            handler(None)

        row = await bench.row(torrent.infohash, lambda row: row.is_seeding)
    assert len(bench.told(api.MetadataReceived)) == 1
    assert row.total_done == torrent.size
