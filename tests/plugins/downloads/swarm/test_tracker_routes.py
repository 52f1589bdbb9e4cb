"""Trackers of a download: listed, added, removed, asked; with real trackers over HTTP and UDP."""

import asyncio

import pytest

from tests.plugins.downloads.conftest import item_of, service, upload, wait_for_status
from tests.trackers import http_tracker, udp_tracker
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine, TorrentSwarm
from triblerd_libtorrent.testing import make_torrent

NOWHERE = [("0" * 40, 404, "this download does not exist"), ("xyz", 400, "Invalid infohash")]
DEAD = "http://127.0.0.1:1/announce"
TRACKERS = {"http": http_tracker, "udp": udp_tracker}


@pytest.mark.parametrize("kind", TRACKERS)
async def test_an_added_tracker_is_announced_to_and_names_peers(start_downloads, seeder, kind):
    torrent = seeder.seed_new(b"x" * 100_000)
    async with TRACKERS[kind]() as tracker, start_downloads() as daemon:
        tracker.peers = [(seeder.host, seeder.port)]
        await upload(daemon, torrent)

        answer = await daemon.put(f"/downloads/{torrent.infohash}/trackers", json={"url": tracker.url})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        shown = await wait_for(lambda: rested(daemon, torrent, tracker.url), what="the announce of the completion")
        rows = (await item_of(daemon, torrent.infohash))["trackers"]

    assert answer == {"added": True}
    assert tracker.announces[0].infohash == torrent.infohash
    assert (shown["status"], shown["peers"], shown["seeds"], shown["leeches"]) == ("Working", 1, 3, 2)
    assert shown["tier"] == 0
    assert shown["last_announce"] > 1_600_000_000
    assert rows[0] == {"url": tracker.url, "peers": 1, "status": "Working"}


@pytest.mark.parametrize("kind", TRACKERS)
async def test_a_forced_announce_reaches_the_tracker_before_its_time(start_downloads, tmp_path, kind):
    async with TRACKERS[kind]() as tracker, start_downloads() as daemon:
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(tracker.url,))
        await upload(daemon, torrent)
        await wait_for(lambda: tracker.events == ["started"])

        answer = await daemon.put(f"/downloads/{torrent.infohash}/tracker_force_announce", json={"url": tracker.url})

        await wait_for(lambda: tracker.events[:2] == ["started", ""])
    assert answer == {"forced": True}


async def test_what_is_said_to_unknown_trackers_changes_nothing(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}"

        assert await daemon.delete(f"{path}/trackers", json={"url": "rubbish"}) == {"removed": True}
        assert await daemon.put(f"{path}/tracker_force_announce", json={"url": "rubbish"}) == {"forced": True}
        assert await urls(daemon, torrent) == [DEAD]


async def test_a_tracker_is_added_once(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"
        for _ in range(2):
            await daemon.put(path, json={"url": DEAD})

        assert await urls(daemon, torrent) == [DEAD]


async def test_trackers_added_at_the_same_time_all_stay(daemon_process, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    added = {f"http://127.0.0.1:1/announce/{number}" for number in range(30)}
    async with daemon_process("downloads", config=saved(tmp_path)) as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"

        await asyncio.gather(*(daemon.put(path, json={"url": url}) for url in added))
        daemon.kill()
        await daemon.start()

        assert set(await urls(daemon, torrent)) >= added


async def test_what_was_changed_holds_after_a_kill(daemon_process, tmp_path):
    first, second, third = (f"http://127.0.0.1:1/announce/{number}" for number in range(3))
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(first, second))
    async with daemon_process("downloads", config=saved(tmp_path)) as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"
        await daemon.put(path, json={"url": third})
        assert await daemon.delete(path, json={"url": first}) == {"removed": True}
        daemon.kill()
        await daemon.start()
        await wait_for(lambda: is_in_engine(daemon, torrent))
        assert await urls(daemon, torrent) == [second, third]

        await daemon.restart()  # which has saved resume data before
        await wait_for(lambda: is_in_engine(daemon, torrent))
        assert await urls(daemon, torrent) == [second, third]


async def test_a_removed_tracker_of_a_magnet_link_does_not_come_back(daemon_process, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    magnet = f"{torrent.magnet}&tr=http%3A%2F%2F127.0.0.1%3A1%2Fannounce"
    async with daemon_process("downloads", config=saved(tmp_path)) as daemon:
        await daemon.put("/downloads", json={"uri": magnet})
        assert DEAD in await urls(daemon, torrent)
        await daemon.delete(f"/downloads/{torrent.infohash}/trackers", json={"url": DEAD})
        daemon.kill()
        await daemon.start()
        await wait_for(lambda: is_in_engine(daemon, torrent))

        assert await urls(daemon, torrent) == []


async def test_a_removed_tracker_may_be_added_again(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"
        await daemon.delete(path, json={"url": DEAD})
        await wait_for(lambda: has_urls(daemon, torrent, []))
        await daemon.put(path, json={"url": DEAD})
    async with start_downloads() as daemon:
        await wait_for(lambda: has_urls(daemon, torrent, [DEAD]))


async def test_a_tracker_that_the_engine_still_has_may_be_added_again(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"
        await wait_for(lambda: is_in_engine(daemon, torrent))
        await daemon.delete(path, json={"url": DEAD})
        service(daemon, TorrentSwarm).add_trackers(torrent.infohash, [DEAD])
        await daemon.put(path, json={"url": DEAD})
    async with start_downloads() as daemon:
        await wait_for(lambda: has_urls(daemon, torrent, [DEAD]))


async def test_trackers_of_a_torrent_that_the_engine_refused_are_changed_in_the_store(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, trackers=(DEAD,))
    other = "udp://tracker.example:6969/announce"
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        path = f"/downloads/{torrent.infohash}/trackers"
        engine = service(daemon, TorrentEngine)
        await wait_for(lambda: engine.has(torrent.infohash))
        await engine.remove(torrent.infohash)

        assert await daemon.put(path, json={"url": other}) == {"added": True}
        assert await daemon.delete(path, json={"url": DEAD}) == {"removed": True}
        assert await daemon.put(f"/downloads/{torrent.infohash}/tracker_force_announce", json={"url": other}) == {
            "forced": True
        }
        (shown,) = (await daemon.get(path))["trackers"]
    async with start_downloads() as daemon:
        await wait_for(lambda: service(daemon, TorrentEngine).has(torrent.infohash))
        assert await urls(daemon, torrent) == [other]

    assert (shown["url"], shown["status"], shown["peers"]) == (other, "Not contacted yet", -1)


async def test_a_private_torrent_takes_trackers_and_uses_nothing_else(start_downloads, seeder):
    torrent = seeder.seed_new(b"x" * 100_000, private=True)
    async with http_tracker() as tracker, start_downloads() as daemon:
        tracker.peers = [(seeder.host, seeder.port)]
        await upload(daemon, torrent)
        await daemon.put(f"/downloads/{torrent.infohash}/trackers", json={"url": tracker.url})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        shown = (await daemon.get(f"/downloads/{torrent.infohash}/trackers"))["trackers"]

    assert [(one["url"], one["status"]) for one in shown[1:]] == [("[DHT]", "Disabled"), ("[PeX]", "Disabled")]


@pytest.mark.parametrize("route", ["PUT trackers", "DELETE trackers", "PUT tracker_force_announce"])
@pytest.mark.parametrize(("infohash", "status", "error"), NOWHERE)
async def test_a_download_that_is_not_there_has_no_trackers(start_downloads, route, infohash, status, error):
    method, path = route.split()
    async with start_downloads() as daemon:
        for body in ({"url": DEAD}, {}):
            answer = await daemon.call(method, f"/downloads/{infohash}/{path}", json=body, status=status)

            assert answer == {"error": error}


@pytest.mark.parametrize("route", ["PUT trackers", "DELETE trackers", "PUT tracker_force_announce"])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "url parameter missing"),
        ({"url": ""}, "url parameter missing"),
        ({"url": None}, "url parameter missing"),
        ({"url": 5}, "url must be a text, not 5"),
        ([], "Bad JSON"),
    ],
)
async def test_a_body_without_a_url_is_refused(start_downloads, tmp_path, route, body, error):
    method, path = route.split()
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        await upload(daemon, torrent)

        answer = await daemon.call(method, f"/downloads/{torrent.infohash}/{path}", json=body, status=400)

    assert answer == {"error": error}


@pytest.mark.parametrize(
    "url",
    [
        "rubbish",
        "file:///etc/passwd",
        "http://",
        "http:///announce",
        "udp://host/announce",
        "udp://host:0/announce",
        "http://host:70000/announce",
        "http://[::1/announce",
        "http://host/announce\nX: y",
        "http://host/an nounce",
        "http://host/\u0000",
        "http://host/" + "x" * 2048,
    ],
)
async def test_what_is_no_tracker_is_not_added(start_downloads, tmp_path, url):
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/trackers"

        answer = await daemon.put(path, json={"url": url}, status=400)

        assert answer["error"].startswith("url must be an http, https, udp, ws or wss address of a tracker")
        assert await urls(daemon, torrent) == []


async def test_no_download_takes_any_number_of_trackers(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    magnet = torrent.magnet + "".join(f"&tr=udp://t:{port}" for port in range(1, 1001))
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": magnet})
        path = f"/downloads/{torrent.infohash}/trackers"

        answer = await daemon.put(path, json={"url": DEAD}, status=400)

    assert answer == {"error": "A download has at most 1000 trackers beside those of its torrent file"}


async def urls(daemon, torrent):
    """Return the URLs of a download's trackers, in order, without pseudo trackers."""
    listed = await daemon.get(f"/downloads/{torrent.infohash}/trackers")
    return [tracker["url"] for tracker in listed["trackers"] if not tracker["url"].startswith("[")]


async def has_urls(daemon, torrent, expected):
    """Return whether these are its trackers; the engine tells of a change a moment later."""
    return await urls(daemon, torrent) == expected


async def is_in_engine(daemon, torrent):
    """Return whether the engine has the torrent; only then pseudo trackers are listed, too."""
    listed = await daemon.get(f"/downloads/{torrent.infohash}/trackers")
    return "[PeX]" in [tracker["url"] for tracker in listed["trackers"]]


async def rested(daemon, torrent, url):
    """Return a tracker of a download once it is not to be asked soon."""
    listed = await daemon.get(f"/downloads/{torrent.infohash}/trackers")
    shown = next(tracker for tracker in listed["trackers"] if tracker["url"] == url)
    return shown if shown["next_announce"] > shown["last_announce"] + 20 else None


def saved(tmp_path):
    """Return settings that save into ``saved``."""
    return {"download_defaults": {"saveas": str(tmp_path / "saved")}}
