import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent

PEERS = b"d8:completei3e10:incompletei2e8:intervali600e5:peers6:\x7f\x00\x00\x01\x00\x09e"


@asynccontextmanager
async def tracker(status: int, body: bytes):
    asked: list[str] = []

    async def announce(request: web.Request) -> web.Response:
        asked.append(request.query.get("event", ""))
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_get("/announce", announce)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/announce", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, PEERS, "Working"),
        (200, b"d14:failure reason9:forbiddene", "Error: forbidden"),
        (503, b"", "HTTP status code 503"),
        (200, b"rubbish", "Error: "),
        (200, PEERS[:-1] + b"15:warning message6:old URe", "Working"),
    ],
)
async def test_what_a_tracker_says_is_told_in_the_words_of_the_api(start_engine, tmp_path, status, body, expected):
    async with tracker(status, body) as (url, _), start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(url,))
        await bench.engine.add(bench.wish(torrent))

        def shown():
            (entry,) = bench.swarm.trackers(torrent.infohash)
            return entry if entry.status.startswith(expected) else None

        entry = await wait_for(shown, what=str(bench.swarm.trackers(torrent.infohash)))
        assert entry.url == url
        assert entry.peers == (1 if expected == "Working" else 0)


async def test_a_tracker_that_nobody_answers_at_is_an_error(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=("http://127.0.0.1:1/announce",))

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))
        await wait_for(lambda: bench.swarm.trackers(torrent.infohash)[0].status == "Error: Connection refused")


async def test_a_stopped_torrent_contacts_no_tracker(start_engine, tmp_path):
    async with tracker(200, PEERS) as (url, asked), start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(url,))
        await bench.engine.add(bench.wish(torrent, is_paused=True))
        await asyncio.sleep(0.3)

        assert bench.swarm.trackers(torrent.infohash)[0].status == "Not contacted yet"
        assert bench.swarm.trackers(torrent.infohash)[0].peers == -1
        assert not asked


async def test_trackers_are_told_that_we_stop(start_engine, tmp_path):
    async with tracker(200, PEERS) as (url, asked):
        async with start_engine() as bench:
            torrent = make_torrent(tmp_path, b"x" * 100, trackers=(url,))
            await bench.engine.add(bench.wish(torrent))
            await wait_for(lambda: asked == ["started"])

        assert asked[:2] == ["started", "stopped"]


async def test_added_trackers_are_asked_and_removed_ones_forgotten(start_engine, tmp_path):
    async with tracker(200, PEERS) as (url, asked), start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100)
        await bench.engine.add(bench.wish(torrent, trackers=("http://127.0.0.1:1/dead",)))
        bench.swarm.add_trackers(torrent.infohash, [url, url])
        assert [entry.url for entry in bench.swarm.trackers(torrent.infohash)] == ["http://127.0.0.1:1/dead", url]
        await wait_for(lambda: asked)

        bench.swarm.force_announce(torrent.infohash, url)
        await wait_for(lambda: len(asked) > 1)
        bench.swarm.remove_trackers(torrent.infohash, [url])
        bench.swarm.remove_trackers(torrent.infohash, ["http://unknown"])
        assert [entry.url for entry in bench.swarm.trackers(torrent.infohash)] == ["http://127.0.0.1:1/dead"]
