"""Look-ups of metadata with real peers on 127.0.0.1."""

import asyncio
import socket

import pytest

from tests.daemon.hostile.peer import MetadataPeer
from triblerd.errors import UnavailableError
from triblerd.testing import wait_for
from triblerd_libtorrent import lookups
from triblerd_libtorrent.api import EngineError, MetadataReceived, MetainfoError, TorrentFailed
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import Seeder, TorrentVersion

MANY_FILES = {"a/one.bin": b"1" * 50_000, "two.bin": b"2" * 40_000}
NOBODY = "127.0.0.1:9"


def torrents_in(bench):
    """Return how many torrents the plain session has, seen or unseen."""
    return len(bench.engine._session(0).raw.get_torrents())


def link_of_nobody(digit="a"):
    return f"magnet:?xt=urn:btih:{digit * 40}&x.pe={NOBODY}"


def asking(bench, link, **how):
    """Look a link up in the background."""
    return asyncio.create_task(bench.engine.lookups.look_up(bench.engine.parse_magnet(link), **how))


async def look_up(bench, link, limit_seconds=10, **how):
    async with asyncio.timeout(limit_seconds):
        return await bench.engine.lookups.look_up(bench.engine.parse_magnet(link), **how)


def hashes_of(torrent):
    parsed = parse_metainfo(torrent.metainfo)
    v1 = f"xt=urn:btih:{parsed.infohash_v1}" if parsed.infohash_v1 else ""
    v2 = f"xt=urn:btmh:1220{parsed.infohash_v2}" if parsed.infohash_v2 else ""
    return v1, v2


@pytest.mark.parametrize(
    ("version", "chosen"),
    [
        (TorrentVersion.V1, slice(0, 1)),
        (TorrentVersion.V2, slice(1, 2)),
        (TorrentVersion.HYBRID, slice(0, 1)),
        (TorrentVersion.HYBRID, slice(1, 2)),
        (TorrentVersion.HYBRID, slice(0, 2)),
    ],
)
async def test_metadata_of_each_generation_come_from_a_peer_and_leave_nothing_behind(
    start_engine, seeder, version, chosen
):
    torrent = seeder.seed_new(MANY_FILES, version=version)
    link = f"magnet:?{'&'.join(hashes_of(torrent)[chosen])}&x.pe={seeder.address}"

    async with start_engine() as bench:
        found = await look_up(bench, link)
        await wait_for(lambda: torrents_in(bench) == 0)

        assert found.infohash == torrent.infohash
        assert [file.path for file in found.files if not file.is_pad] == list(torrent.files)
        assert list(bench.folder.iterdir()) == []
        assert not bench.engine.has(torrent.infohash)
        assert bench.stored.metainfo(torrent.infohash) is None
        assert bench.events == []


async def test_a_result_is_kept_and_bears_the_trackers_and_web_seeds_of_each_link(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        await look_up(bench, seeder.magnet(torrent))
        seeder.close()
        again = await look_up(bench, f"{torrent.magnet}&tr=http://a.test/&tr=http://b.test/&ws=http://c.test/")

        parsed = parse_metainfo(again.raw)
        assert again == parsed
        assert parsed.trackers == (("http://a.test/",), ("http://b.test/",))
        assert parsed.web_seeds == ("http://c.test/",)


async def test_two_who_ask_share_one_look_up_that_ends_with_the_last_of_them(start_engine):
    async with start_engine() as bench:
        first, second = asking(bench, link_of_nobody()), asking(bench, link_of_nobody())
        await wait_for(lambda: torrents_in(bench) == 1)

        first.cancel()
        await asyncio.wait([first])
        assert torrents_in(bench) == 1
        assert not second.done()

        second.cancel()
        await wait_for(lambda: torrents_in(bench) == 0)


async def test_the_peers_of_a_second_link_help_the_first_one(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        first = asking(bench, f"{torrent.magnet}&x.pe={NOBODY}")
        await wait_for(lambda: torrents_in(bench) == 1)
        second = await look_up(bench, f"{seeder.magnet(torrent)}&tr=http://127.0.0.1:9/")

        assert (await first).infohash == second.infohash == torrent.infohash
        assert (await first).trackers == ()


async def test_a_look_up_that_is_given_up_while_it_enters_the_session_is_taken_out(start_engine):
    async with start_engine() as bench:
        given_up = asking(bench, link_of_nobody())
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
        await wait_for(lambda: torrents_in(bench) == 0 and not bench.engine.lookups._running)


async def test_a_download_takes_over_from_a_look_up(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        asked = asking(bench, f"{torrent.magnet}&x.pe={NOBODY}")
        await wait_for(lambda: torrents_in(bench) == 1)

        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))
        found = await asyncio.wait_for(asked, 10)
        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert found.infohash == torrent.infohash
        assert torrents_in(bench) == 1
        assert (bench.folder / "tiny/two.bin").read_bytes() == MANY_FILES["two.bin"]


async def test_a_download_that_is_added_in_bulk_takes_over_at_once(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        asked = asking(bench, f"{torrent.magnet}&x.pe={NOBODY}")
        await asyncio.sleep(0)
        assert not await bench.engine.add_many([bench.magnet_wish(seeder.magnet(torrent))])

        assert (await asyncio.wait_for(asked, 10)).infohash == torrent.infohash
        await bench.row(torrent.infohash, lambda row: row.is_seeding)


async def test_a_download_by_torrent_file_answers_those_who_look_it_up(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES, trackers=("http://127.0.0.1:9/announce",))

    async with start_engine() as bench:
        asked = asking(bench, f"{torrent.magnet}&x.pe={NOBODY}")
        await wait_for(lambda: torrents_in(bench) == 1)
        await bench.keep(torrent)
        await bench.engine.add(bench.wish(torrent, is_paused=True))

        assert (await asyncio.wait_for(asked, 10)).raw == torrent.metainfo
        assert (await look_up(bench, torrent.magnet)).raw == torrent.metainfo


async def test_what_is_a_download_already_is_not_looked_up_beside_it(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(torrent.magnet, is_paused=True))
        asked = asking(bench, seeder.magnet(torrent))
        with pytest.raises(TimeoutError):
            await look_up(bench, seeder.magnet(torrent), 0.5)

        bench.engine.resume(torrent.infohash)
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        assert (await asyncio.wait_for(asked, 10)).infohash == torrent.infohash
        assert await bench.event(MetadataReceived)


async def test_a_look_up_goes_on_by_itself_when_the_download_is_removed(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES)

    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(torrent.magnet, is_paused=True))
        asked = asking(bench, seeder.magnet(torrent))
        await asyncio.sleep(0)
        await bench.engine.remove(torrent.infohash)

        assert (await asyncio.wait_for(asked, 10)).infohash == torrent.infohash
        await wait_for(lambda: torrents_in(bench) == 0)


async def test_a_hybrid_download_answers_for_both_of_its_hashes(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES, version=TorrentVersion.HYBRID)
    _, v2 = hashes_of(torrent)

    async with start_engine() as bench:
        await bench.keep(torrent)
        await bench.engine.add(bench.wish(torrent, is_paused=True))

        found = await look_up(bench, f"magnet:?{v2}&x.pe={NOBODY}")

        assert found.raw == torrent.metainfo
        assert torrents_in(bench) == 1


async def test_a_hybrid_download_that_is_just_being_added_is_not_taken_for_the_look_up(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES, version=TorrentVersion.HYBRID)
    _, v2 = hashes_of(torrent)

    async with start_engine() as bench:
        await bench.keep(torrent)
        adding = asyncio.create_task(bench.engine.add(bench.wish(torrent, is_paused=True)))
        await asyncio.sleep(0)  # it is on its way to the session, which has not answered
        found = await look_up(bench, f"magnet:?{v2}&x.pe={NOBODY}")
        await asyncio.wait_for(adding, 10)

        assert found.raw == torrent.metainfo
        assert bench.engine.has(torrent.infohash)
        assert torrents_in(bench) == 1


async def test_a_look_up_needs_a_session_of_its_hops(start_engine):
    async with start_engine() as bench:
        with pytest.raises(EngineError, match="need the tunnels plugin"):
            await look_up(bench, link_of_nobody(), hops=2)
        await bench.engine.anonymous.open_session(1, socks_host="127.0.0.1", socks_port=9)
        asked = asking(bench, link_of_nobody(), hops=1)
        await wait_for(lambda: len(bench.engine._session(1).raw.get_torrents()) == 1)
        assert torrents_in(bench) == 0

        await bench.engine.anonymous.close_session(1)

        with pytest.raises(EngineError, match="has ended"):
            await asked


async def test_look_ups_end_at_once_with_the_engine(start_engine):
    async with start_engine() as bench:
        asked = [asking(bench, link_of_nobody(digit)) for digit in "abc"]
        await wait_for(lambda: torrents_in(bench) == 3)

    assert [type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)] == [EngineError] * 3


async def test_more_look_ups_than_the_session_serves_are_refused(start_engine):
    async with start_engine() as bench:
        asked = [asking(bench, f"magnet:?xt=urn:btih:{number:040x}") for number in range(1, lookups.MOST_LOOKUPS + 1)]
        await wait_for(lambda: torrents_in(bench) == lookups.MOST_LOOKUPS)

        with pytest.raises(UnavailableError, match="being looked up already"):
            await look_up(bench, link_of_nobody())

        for task in asked:
            task.cancel()
        await wait_for(lambda: torrents_in(bench) == 0)


async def test_a_peer_that_says_nothing_is_left_when_nobody_waits_any_more(start_engine):
    async with start_engine() as bench:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            link = f"magnet:?xt=urn:btih:{'a' * 40}&x.pe=127.0.0.1:{mute.getsockname()[1]}"
            with pytest.raises(TimeoutError):
                await look_up(bench, link, 0.5)
        await wait_for(lambda: torrents_in(bench) == 0)


@pytest.mark.parametrize("info", [b"x" * 100, b"de", b"d6:lengthi-1e4:name1:x12:piece lengthi16384e6:pieces0:e"])
async def test_metadata_that_are_no_torrent_end_the_look_up(start_engine, info):
    async with start_engine() as bench, MetadataPeer(info) as peer:
        with pytest.raises(MetainfoError):
            await look_up(bench, peer.magnet)

        assert peer.requests
        await wait_for(lambda: torrents_in(bench) == 0)


async def test_a_look_up_survives_lost_alerts(start_engine, tmp_path):
    with Seeder(tmp_path / "peer") as peer:
        torrent = peer.seed_new(MANY_FILES)
        async with start_engine() as bench:
            asked = asking(bench, f"{torrent.magnet}&x.pe={NOBODY}")
            await wait_for(lambda: torrents_in(bench) == 1)
            (handle,) = bench.engine._session(0).raw.get_torrents()

            assert bench.engine.lookups.look_again(0, [handle]) == []
            asked.cancel()
            await asyncio.wait([asked])
            assert bench.engine.lookups.look_again(0, [handle]) == [handle]


async def test_a_look_up_by_the_other_hash_of_a_hybrid_download_does_it_no_harm(start_engine, seeder):
    torrent = seeder.seed_new(MANY_FILES, version=TorrentVersion.HYBRID)
    v1, v2 = hashes_of(torrent)

    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(f"magnet:?{v1}"))
        found = await look_up(bench, f"magnet:?{v2}&x.pe={seeder.address}")
        assert found.infohash == torrent.infohash
        bench.swarm.connect_peer(torrent.infohash, seeder.host, seeder.port)
        await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert bench.told(TorrentFailed) == []
