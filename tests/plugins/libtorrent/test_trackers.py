"""What trackers say, and do not say: real ones over HTTP and UDP."""

import asyncio

import pytest

from tests.trackers import bencode, http_tracker, udp_tracker
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent

KINDS = {"http": http_tracker, "udp": udp_tracker}
DEAD = "http://127.0.0.1:1/announce"
PEER = ("127.0.0.1", 9)


@pytest.fixture(params=KINDS)
async def tracker(request):
    async with KINDS[request.param]() as tracker:
        tracker.peers = [PEER]
        yield tracker


@pytest.fixture
async def web_tracker():
    async with http_tracker() as tracker:
        tracker.peers = [PEER]
        yield tracker


async def test_an_answer_is_told_with_its_numbers(start_engine, tmp_path, tracker):
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, tracker)

        shown = await told(bench, torrent, "Working")
        announce = (await bench.swarm.announces(torrent.infohash))[tracker.url]

    assert (shown.url, shown.peers) == (tracker.url, 1)
    assert (announce.seeds, announce.leeches, announce.fails, announce.message) == (3, 2, 0, "")


async def test_a_failure_is_told_and_forgotten_when_it_is_over(start_engine, tmp_path, tracker):
    tracker.failure = "forbidden"
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, tracker)
        shown = await told(bench, torrent, "Error: ")
        announce = (await bench.swarm.announces(torrent.infohash))[tracker.url]

        tracker.failure = ""
        bench.swarm.force_announce(torrent.infohash, tracker.url)
        await told(bench, torrent, "Working")

    assert shown.peers == 0
    assert announce.fails == 1
    # The engine does not say what it was told over UDP.
    assert shown.status in {"Error: forbidden", "Error: tracker sent a failure message"}


async def test_a_warning_is_told(start_engine, tmp_path, web_tracker):
    web_tracker.warning = "old URL"
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, web_tracker)

        assert (await told(bench, torrent, "Warning: old URL")).peers == 1
        web_tracker.warning = ""
        bench.swarm.force_announce(torrent.infohash, web_tracker.url)
        await told(bench, torrent, "Working")


@pytest.mark.parametrize(("status", "expected"), [(503, "HTTP status code 503"), (200, "Error: ")])
async def test_what_is_no_answer_is_an_error(start_engine, tmp_path, web_tracker, status, expected):
    web_tracker.status, web_tracker.answer = status, b"rubbish"
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, web_tracker)

        assert (await told(bench, torrent, expected)).peers == 0


async def test_a_tracker_that_has_moved_is_told_of_by_its_old_address(start_engine, tmp_path, web_tracker):
    async with http_tracker() as moved, start_engine() as bench:
        web_tracker.redirect = moved.url
        torrent = await announced(bench, tmp_path, web_tracker)

        shown = await told(bench, torrent, "Working")

    assert shown.url == web_tracker.url
    assert moved.events[0] == "started"


async def test_silence_is_a_timeout(start_engine, tmp_path):
    async with udp_tracker() as tracker, start_engine() as bench:
        tracker.is_silent = True
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(tracker.url,))
        await bench.engine.add(bench.wish(torrent))

        def is_told():
            return bench.swarm.trackers(torrent.infohash)[0].status == "Timeout"

        await wait_for(is_told, 18)  # after ten seconds; over HTTP, after thirty


async def test_a_scrape_tells_how_many_there_are(start_engine, tmp_path):
    # Not over HTTP: against forged requests, the engine asks servers on this machine for /announce alone.
    async with udp_tracker() as tracker, start_engine() as bench:
        torrent = await announced(bench, tmp_path, tracker)
        await told(bench, torrent, "Working")
        bench.engine.torrents.get(torrent.infohash).handle.scrape_tracker()

        def numbers():
            (shown,) = bench.swarm.trackers(torrent.infohash)
            return (shown.seeds, shown.leeches) == (3, 2)

        await wait_for(numbers)


@pytest.mark.parametrize("number", [-7, 2**31 - 1, 2**63 - 1])
async def test_a_tracker_that_lies_about_numbers_is_still_shown(start_engine, tmp_path, web_tracker, number):
    lies = {"complete": number, "incomplete": number, "downloaded": number, "interval": number, "min interval": number}
    web_tracker.answer = bencode({**lies, "peers": b"\x7f\x00\x00\x01\x00\x00" * 3})  # nobody has port 0
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, web_tracker)
        shown = await told(bench, torrent, "Working")
        announce = await wait_for(lambda: next_announce(bench, torrent, web_tracker.url))

    assert shown.peers in {0, 3}
    assert announce.seeds >= -1
    assert announce.leeches >= -1
    assert announce.next_announce >= shown.last_announce


async def next_announce(bench, torrent, url):
    announce = (await bench.swarm.announces(torrent.infohash))[url]
    return announce if announce.next_announce else None


async def test_a_tracker_that_asks_for_haste_is_not_obeyed(start_engine, tmp_path, tracker):
    tracker.interval = 0
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, tracker)
        shown = await told(bench, torrent, "Working")
        announce = (await bench.swarm.announces(torrent.infohash))[tracker.url]

    assert announce.next_announce >= shown.last_announce + 20


async def test_a_tracker_that_nobody_answers_at_is_an_error(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))

    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent))
        await told(bench, torrent, "Error: Connection refused")


async def test_a_stopped_torrent_contacts_no_tracker(start_engine, tmp_path, web_tracker):
    async with start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(web_tracker.url,))
        await bench.engine.add(bench.wish(torrent, is_paused=True))
        await asyncio.sleep(0.3)

        (shown,) = bench.swarm.trackers(torrent.infohash)
        assert (shown.status, shown.peers, shown.last_announce) == ("Not contacted yet", -1, 0)
        assert not web_tracker.announces


async def test_trackers_are_told_that_we_stop(start_engine, tmp_path, web_tracker):
    async with start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(web_tracker.url,))
        await bench.engine.add(bench.wish(torrent))
        await wait_for(lambda: web_tracker.events == ["started"])

    assert web_tracker.events[:2] == ["started", "stopped"]


async def test_added_trackers_are_asked_and_removed_ones_forgotten(start_engine, tmp_path, web_tracker):
    url = web_tracker.url
    async with start_engine() as bench:
        torrent = make_torrent(tmp_path, b"x" * 100)
        await bench.engine.add(bench.wish(torrent, trackers=(DEAD,)))
        bench.swarm.add_trackers(torrent.infohash, [url, url])
        assert urls(bench, torrent) == [DEAD, url]
        await wait_for(lambda: web_tracker.announces)

        bench.swarm.force_announce(torrent.infohash, url)
        await wait_for(lambda: len(web_tracker.announces) > 1)
        bench.swarm.remove_trackers(torrent.infohash, [url, "http://unknown"])
        assert urls(bench, torrent) == [DEAD]


async def test_a_removed_tracker_whose_answer_comes_late_stays_removed(start_engine, tmp_path, web_tracker):
    async with start_engine() as bench:
        torrent = await announced(bench, tmp_path, web_tracker)
        bench.swarm.remove_trackers(torrent.infohash, [web_tracker.url])
        bench.swarm.add_trackers(torrent.infohash, [DEAD])
        await told(bench, torrent, "Error: Connection refused")

        assert urls(bench, torrent) == [DEAD]


async def announced(bench, tmp_path, tracker):
    """Add a torrent of one tracker; return the torrent once the tracker was asked."""
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(tracker.url,))
    await bench.engine.add(bench.wish(torrent))
    await wait_for(lambda: tracker.announces)
    return torrent


async def told(bench, torrent, expected):
    """Return the only tracker of a torrent once its status begins with a text."""

    def shown():
        (entry,) = bench.swarm.trackers(torrent.infohash)
        return entry if entry.status.startswith(expected) else None

    return await wait_for(shown, what=f"{expected} of {bench.swarm.trackers(torrent.infohash)}")


def urls(bench, torrent):
    """Return the URLs of the trackers, in order."""
    return [shown.url for shown in bench.swarm.trackers(torrent.infohash)]
