"""The last of several selections is the one that holds."""

import asyncio

from triblerd.testing import wait_for
from triblerd_libtorrent.testing import Seeder, make_torrent

PIECE = 16 * 1024
FILES = {f"{number}": bytes(PIECE << number) for number in range(4)}
ROUNDS = 50


async def test_the_last_of_two_selections_in_a_row_holds_every_time(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES)
    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent, is_paused=True))
        await bench.row(torrent.infohash, lambda row: row.has_metadata)
        kept = bench.engine._torrents.get(torrent.infohash).handle

        async def holds(wanted):
            return await asyncio.to_thread(kept.get_file_priorities) == wanted

        for number in range(ROUNDS):
            bench.engine.set_priorities(torrent.infohash, [0, 4, number % 8, 0])
            bench.engine.set_priorities(torrent.infohash, [4, 4, 4, 7 - number % 8])
            await wait_for(lambda: holds([4, 4, 4, 7 - number % 8]), what=f"round {number}")  # noqa: B023 - awaited here


async def test_what_comes_while_a_change_is_under_way_becomes_one_change(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, FILES)
    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent, is_paused=True))
        await bench.row(torrent.infohash, lambda row: row.has_metadata)

        for priorities in ({0: 0, 1: 0}, {1: 4}, {}, [0, 0, 4, 4], {0: 4}, {2: 0, 3: 0}, {3: 4}):
            bench.engine.set_priorities(torrent.infohash, priorities)

        assert bench.engine._priorities._waiting == {torrent.infohash: [4, 0, 0, 4]}
        await bench.row(torrent.infohash, lambda row: row.total_wanted == 9 * PIECE)  # the first and the last


async def test_a_change_of_what_is_wanted_leaves_no_peer(start_engine, tmp_path):
    with Seeder(tmp_path, upload_limit=40_000) as seeder:
        torrent = seeder.seed_new(FILES | {"large": bytes(100 * PIECE)})
        async with start_engine() as bench:
            await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
            await bench.row(torrent.infohash, lambda row: row.num_pieces)

            bench.engine.set_priorities(torrent.infohash, [0, 0, 0, 0, 4])
            await bench.row(torrent.infohash, lambda row: row.total_wanted == 100 * PIECE)

            counters = await bench.engine.sites.session_counters(0)
    assert counters["peer.disconnected_peers"] == 0
