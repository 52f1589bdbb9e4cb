"""``GET`` and ``PUT /torrentinfo`` with real files, servers and peers."""

import asyncio
import hashlib

import libtorrent as lt
import pytest
from aiohttp import web

from tests.plugins.torrentinfo.conftest import decoded, info_of, refusal
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import TorrentVersion, make_torrent
from triblerd_torrentinfo.api import TorrentLookedUp

FILES = {"a/one.bin": b"1" * 50_000, "zwei ä.bin": b"2" * 40_000}
NOBODY = "127.0.0.1:9"
STRANGER = f"magnet:?xt=urn:btih:{'ab' * 20}&x.pe={NOBODY}"
QUICK = {"lookup_timeout": 0.5}


@pytest.fixture
async def serve():
    """Run a server that answers each path with the given body, or a redirect to a given address."""
    runners = []

    async def start(**answers):
        async def answer(request):
            found = answers[request.path[1:]]
            if isinstance(found, int):
                return web.Response(status=found)
            if isinstance(found, str):
                raise web.HTTPFound(found)
            return web.Response(body=found)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_torrent_file_is_shown_as_json_in_hex_digits(start_info, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="album", trackers=("http://a.test/", "http://b.test/"), private=True)
    path = tmp_path / "a b.torrent"
    path.write_bytes(torrent.metainfo)

    async with start_info() as daemon:
        found = await info_of(daemon, f"file://{tmp_path}/a%20b.torrent")
        other = await info_of(daemon, f"file:{tmp_path}/a%20b.torrent")

    info = found["metainfo"]["info"]
    assert found == other
    assert list(found) == ["metainfo", "infohash", "download_exists", "hops"]
    assert (found["infohash"], found["download_exists"], found["hops"]) == (torrent.infohash, None, 0)
    assert found["metainfo"]["announce"] == "http://a.test/"
    assert found["metainfo"]["announce-list"] == [["http://a.test/"], ["http://b.test/"]]
    assert (info["name"], info["private"]) == ("album", 1)
    assert [(file["path"], file["length"]) for file in info["files"]] == [
        (["a", "one.bin"], 50_000),
        (["zwei ä.bin"], 40_000),
    ]
    assert info["pieces"].startswith(hashlib.sha1(b"1" * 16384, usedforsecurity=False).hexdigest())


async def test_names_that_are_not_utf_8_have_a_character_for_each_byte(start_info, tmp_path):
    files = b"ld6:lengthi5e4:pathl4:caf\xe97:zwei \xc3\xa4eee"
    info = b"d5:files%b4:name5:alb\xfcm12:piece lengthi16384e6:pieces20:%be" % (files, b"\xff" * 20)
    path = tmp_path / "album.torrent"
    path.write_bytes(b"d4:info%be" % info)

    async with start_info() as daemon:
        found = (await info_of(daemon, path.as_uri()))["metainfo"]["info"]
        added = await daemon.put("/downloads", json={"uri": path.as_uri()})
        (row,) = (await daemon.get("/downloads"))["downloads"]

    assert (found["name"], found["files"][0]["path"]) == ("albüm", ["café", "zwei ä"])
    assert (row["infohash"], row["name"]) == (added["infohash"], "alb_m")  # as it is on the disk


async def test_the_metadata_of_a_magnet_link_come_from_a_peer_and_a_second_time_at_once(start_info, seeder, tmp_path):
    torrent = seeder.seed_new(FILES, name="album")

    async with start_info() as daemon:
        found = await info_of(daemon, seeder.magnet(torrent), hops=0)
        seeder.close()
        again = await info_of(daemon, torrent.magnet, hops=0)
        downloads = await daemon.get("/downloads")

    assert found == again
    assert found["metainfo"]["info"]["name"] == "album"
    assert downloads["downloads"] == []
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize("version", TorrentVersion)
async def test_all_generations_of_torrents_are_looked_up_by_a_tracker(start_info, swarm, version):
    torrent = swarm.seed(FILES, name="album", version=version)

    async with start_info() as daemon:
        of_link = await info_of(daemon, f"{torrent.magnet}&tr={swarm.url}/announce")
        of_server = await info_of(daemon, f"{swarm.url}/{torrent.infohash}.torrent")
        of_upload = decoded(await daemon.put("/torrentinfo", data=torrent.metainfo))

    assert of_link["metainfo"]["info"] == of_server["metainfo"]["info"]
    assert of_link["metainfo"]["announce"] == of_server["metainfo"]["announce"] == f"{swarm.url}/announce"
    assert {answer["infohash"] for answer in (of_link, of_server, of_upload)} == {torrent.infohash}
    assert of_server == of_upload
    assert ("pieces" in of_link["metainfo"]["info"]) == (version is not TorrentVersion.V2)
    assert "piece layers" not in of_server["metainfo"]


async def test_a_server_may_redirect_to_a_magnet_link_or_send_one(start_info, seeder, serve):
    torrent = seeder.seed_new(FILES, name="album")
    link = seeder.magnet(torrent)
    server = await serve(sent=link.encode(), moved=link, twice="/moved", broken=b"magnet:?xt=", cut="magnet:?dn=x")

    async with start_info() as daemon:
        found = [await info_of(daemon, f"{server}/{path}") for path in ("sent", "moved", "twice")]
        texts = [await refusal(daemon, 400, uri=f"{server}/{path}") for path in ("broken", "cut")]

    assert [answer["infohash"] for answer in found] == [torrent.infohash] * 3
    assert texts == ["missing infohash"] * 2


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "uri parameter missing"),
        ({"uri": ""}, "uri parameter missing"),
        ({"hops": "x"}, "wrong value of 'hops' parameter: x"),
        ({"hops": "1.0", "uri": "magnet:"}, "wrong value of 'hops' parameter: 1.0"),
        ({"hops": "4", "uri": "magnet:"}, "wrong value of 'hops' parameter: 4"),
        ({"hops": "-1", "uri": "magnet:"}, "wrong value of 'hops' parameter: -1"),
        ({"uri": "ftp://127.0.0.1/a.torrent"}, "invalid uri"),
        ({"uri": "/etc/passwd"}, "invalid uri"),
        ({"uri": "magnet:?dn=x"}, "missing infohash"),
        ({"uri": "magnet:?xt=urn:btih:abc"}, "missing infohash"),
    ],
)
async def test_what_cannot_be_asked_is_refused(start_info, query, text):
    async with start_info() as daemon:
        assert await refusal(daemon, 400, **query) == text


async def test_a_file_that_is_no_torrent_is_named(start_info, tmp_path):
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    (tmp_path / "number").write_bytes(b"i5e")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "in").mkdir()
    paths = [tmp_path / name for name in ("rubbish", "number", "missing", "out", "in")]

    async with start_info(api={"file_roots": [str(tmp_path)]}) as daemon:
        texts = [await refusal(daemon, 500, uri=f"file://{path}") for path in paths]

    assert texts == [f"error while decoding torrent file: {path}" for path in paths]


async def test_what_a_server_sends_instead_of_a_torrent_is_told(start_info, serve):
    server = await serve(page=b"<html>", empty=b"", number=b"i5e", gone=404, down=503, secret="file:///etc/passwd")

    async with start_info() as daemon:
        texts = {
            path: await refusal(daemon, 500, uri=f"{server}/{path}")
            for path in ("page", "empty", "number", "gone", "down", "secret")
        }
        closed = await refusal(daemon, 500, uri="http://127.0.0.1:9/a.torrent")
        unknown = await refusal(daemon, 500, uri="http://no.such.host.invalid/a.torrent")

    assert texts["page"] == texts["empty"] == "metainfo error"
    assert texts["number"] == "invalid response"
    assert "404" in texts["gone"]
    assert "503" in texts["down"]
    assert "not followed" in texts["secret"]
    assert closed.startswith("Cannot fetch the torrent: ")
    assert unknown.startswith("Cannot fetch the torrent: ")


async def test_what_nobody_has_is_a_metainfo_error_in_time(start_info):
    async with start_info(torrentinfo=QUICK) as daemon:
        assert await refusal(daemon, 500, uri=STRANGER) == "metainfo error"


async def test_an_upload_that_is_no_torrent_is_a_metainfo_error(start_info):
    async with start_info() as daemon:
        for rubbish in (b"", b"rubbish", b"i5e"):
            answer = await daemon.call("PUT", "/torrentinfo", data=rubbish, status=500)
            assert answer == {"error": "metainfo error"}


async def test_a_download_supplies_its_own_metadata_and_is_told(start_info, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="album", version=TorrentVersion.HYBRID)
    whole = lt.load_torrent_buffer(torrent.metainfo).info_hashes

    async with start_info() as daemon:
        await daemon.put("/downloads", data=torrent.metainfo, headers={"Content-Type": "application/x-bittorrent"})
        of_v1 = await info_of(daemon, f"magnet:?xt=urn:btih:{whole.v1}")
        of_v2 = await info_of(daemon, f"magnet:?xt=urn:btmh:1220{whole.v2}")
        uploaded = decoded(await daemon.put("/torrentinfo", data=torrent.metainfo))
        await daemon.call("DELETE", f"/downloads/{torrent.infohash}", json={"remove_data": False})
        removed = decoded(await daemon.put("/torrentinfo", data=torrent.metainfo))

    assert of_v1 == of_v2 == uploaded
    assert uploaded["download_exists"] is True
    assert removed["download_exists"] is None


async def test_a_stopped_download_without_metadata_is_left_alone(start_info, seeder):
    torrent = seeder.seed_new(FILES)

    async with start_info(torrentinfo=QUICK) as daemon:
        await daemon.put("/downloads", json={"uri": torrent.magnet})
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})

        assert await refusal(daemon, 500, uri=seeder.magnet(torrent)) == "metainfo error"
        (row,) = (await daemon.get("/downloads"))["downloads"]

    assert row["status"] == "STOPPED"


async def test_a_download_begins_with_what_was_looked_up(start_info, seeder):
    torrent = seeder.seed_new(FILES, name="album")

    async with start_info() as daemon:
        await info_of(daemon, seeder.magnet(torrent))
        seeder.close()
        link = f"{torrent.magnet}&tr=http://127.0.0.1:9/announce&ws=http://127.0.0.1:9/&so=1"
        await daemon.put("/downloads", json={"uri": link})
        files = (await daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]
        (row,) = (await daemon.get("/downloads"))["downloads"]
        raw = (await daemon.request("GET", f"/downloads/{torrent.infohash}/torrent")).body

    stored = lt.load_torrent_buffer(raw)
    assert [(file["name"], file["included"]) for file in files] == [("a/one.bin", False), ("zwei ä.bin", True)]
    assert row["name"] == "album"
    assert stored.trackers == ["http://127.0.0.1:9/announce"]
    assert stored.url_seeds == ["http://127.0.0.1:9/"]


async def test_a_download_of_a_link_that_was_looked_up_meets_the_peers_of_the_link(start_info, seeder, tmp_path):
    torrent = seeder.seed_new(FILES, name="album")

    async with start_info() as daemon:
        await info_of(daemon, seeder.magnet(torrent))
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for((tmp_path / "saved/album/zwei ä.bin").exists)

        async def complete():
            (row,) = (await daemon.get("/downloads"))["downloads"]
            return row["status"] == "SEEDING"

        await wait_for(complete)


async def test_a_server_is_asked_once_for_a_look_up_and_the_download_after_it(start_info, serve, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="album")
    answers = {"film": torrent.metainfo}
    server = await serve(**answers)

    async with start_info() as daemon:
        await info_of(daemon, f"{server}/film")
        answers.clear()
        added = await daemon.put("/downloads", json={"uri": f"{server}/film"})

    assert added["infohash"] == torrent.infohash


async def test_what_was_found_is_told_with_whether_it_may_be_passed_on(start_info, seeder, serve, tmp_path):
    public = seeder.seed_new(FILES, name="public")
    private = make_torrent(tmp_path, FILES, name="private", private=True)
    (tmp_path / "a.torrent").write_bytes(public.metainfo)
    server = await serve(private=private.metainfo)

    async with start_info() as daemon:
        with daemon.events(TorrentLookedUp) as events:
            for uri in (seeder.magnet(public), f"{server}/private", f"file://{tmp_path}/a.torrent"):
                await info_of(daemon, uri)
            told = [await events.next() for _ in range(3)]
        await daemon.put("/torrentinfo", data=public.metainfo)

    assert [(event.metainfo.name, event.metainfo.size, event.for_store) for event in told] == [
        ("public", 90_000, True),
        ("private", 90_000, False),
        ("public", 90_000, False),
    ]


async def test_the_area_does_without_downloads(start_info, seeder):
    torrent = seeder.seed_new(FILES)

    async with start_info(without_downloads=True) as daemon:
        assert (await info_of(daemon, seeder.magnet(torrent)))["download_exists"] is None


async def test_a_client_that_goes_away_ends_its_look_up(start_info):
    async with start_info() as daemon:
        engine = daemon.daemon.container.services().find(TorrentEngine)
        asking = asyncio.create_task(daemon.request("GET", "/torrentinfo", params={"uri": STRANGER}))
        await wait_for(lambda: engine.lookups._running)
        asking.cancel()
        await asyncio.wait([asking])

        await wait_for(lambda: not engine.lookups._running)


async def test_the_end_of_the_daemon_ends_look_ups_at_once(start_info):
    async with start_info() as daemon:
        engine = daemon.daemon.container.services().find(TorrentEngine)
        asking = asyncio.create_task(daemon.request("GET", "/torrentinfo", params={"uri": STRANGER}))
        await wait_for(lambda: engine.lookups._running)
        stopping = asyncio.create_task(daemon.daemon.stop())
        answer = await asyncio.wait_for(asking, 3)
        await stopping

    assert answer.status == 503


async def test_look_ups_need_a_key_that_may_write(start_info):
    keys = {"keys": {"window": {"key": "w" * 32, "scope": "read"}}}
    async with start_info(api=keys) as daemon:
        answer = await daemon.request("GET", "/torrentinfo?uri=magnet:", headers={"X-Api-Key": "w" * 32})

    assert answer.status == 403
