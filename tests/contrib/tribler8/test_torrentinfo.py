"""``/api/torrentinfo``: the rows of the dialect, with real files, servers and peers."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.daemon.conftest import certificate
from tests.plugins.downloads.conftest import upload
from triblerd_libtorrent.testing import make_torrent, seeder
from triblerd_metadata.api import MetadataStore
from triblerd_torrentinfo.api import TorrentLookedUp

__all__ = ["certificate", "seeder"]

URI, FILE = "/api/torrentinfo/uri", "/api/torrentinfo/file"
FILES = {"a/one.bin": b"1" * 50_000, "zwei ä.bin": b"2" * 40_000}
NOBODY = f"magnet:?xt=urn:btih:{'ab' * 20}"
NOTHING = {"metainfo": "", "download_exists": False, "valid_certificate": True}


@pytest.fixture
def start(start_daemon, tmp_path):
    """Run the dialect with this area; further settings by section."""

    @asynccontextmanager
    async def run(*plugins, **config):
        settings = {
            "download_defaults": {"saveas": str(tmp_path / "saved")},
            "torrentinfo": {"lookup_timeout": 0.3},
            **config,
        }
        async with start_daemon("tribler8", "torrentinfo", "downloads", *plugins, config=settings) as daemon:
            yield daemon

    return run


@pytest.fixture
def album(tmp_path):
    return make_torrent(tmp_path / "made", FILES, name="album")


@asynccontextmanager
async def serving(answers, context=None):
    """Answer each path with a body, a status, or what a function makes of the request; yield the address."""

    async def answer(request):
        found = answers[request.path]
        if callable(found):
            return await found(request)
        if isinstance(found, int):
            return web.Response(status=found)
        return web.Response(body=found)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"http{'s' if context else ''}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def refusal(daemon, status, body, method="POST", path=URI):
    """Return the text of a refusal, which has the dialect's form."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await daemon.call(method, path, data=data, status=status)
    assert list(answer) == ["error"]
    assert answer["error"]["handled"] is True
    assert list(answer["error"]) == ["handled", "message"]
    return answer["error"]["message"]


async def test_a_torrent_is_listed_by_its_files_below_the_top_directory(start, album, tmp_path):
    path = tmp_path / "a b.torrent"
    path.write_bytes(album.metainfo)

    async with start() as daemon:
        found = await daemon.post(URI, json={"uri": f"file://{tmp_path}/a%20b.torrent"})

    assert found == {
        "files": [
            {"index": 0, "name": "a/one.bin", "size": 50_000},
            {"index": 1, "name": "zwei ä.bin", "size": 40_000},
        ],
        "name": "album",
        "description": "",
        "download_exists": None,
        "valid_certificate": True,
    }


async def test_an_uploaded_torrent_is_listed_with_its_infohash_whatever_its_media_type(start, album):
    async with start() as daemon:
        before = await daemon.put(FILE, data=album.metainfo)
        await upload(daemon, album)
        after = await daemon.put(
            FILE, data=album.metainfo, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )

    assert list(before) == ["infohash", "files", "name", "description", "download_exists"]
    assert (before["infohash"], before["download_exists"]) == (album.infohash, None)
    assert after == {**before, "download_exists": True}


async def test_an_uploaded_torrent_is_not_stored(start, album):
    async with start("metadata") as daemon:
        with daemon.events(TorrentLookedUp) as told:
            await daemon.put(FILE, data=album.metainfo)
            await daemon.post(URI, json={"uri": album.magnet, "skipmagnet": True})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(told.next(), 0.05)
        store = daemon.daemon.container.services().find(MetadataStore)

        assert store.by_infohash(bytes.fromhex(album.infohash)) == []


async def test_a_single_file_is_listed_by_its_name(start, tmp_path):
    film = make_torrent(tmp_path / "made", b"x" * 20_000, name="film.mkv")
    async with start() as daemon:
        found = await daemon.put(FILE, data=film.metainfo)

    assert found["files"] == [{"index": 0, "name": "film.mkv", "size": 20_000}]


async def test_what_is_no_torrent_is_refused_where_it_is_sent(start):
    async with start() as daemon:
        for body in (b"", b"rubbish", b"de", b"d4:infoi1ee", b"<html>"):
            assert await refusal(daemon, 500, body, "PUT", FILE) == "metainfo error", body


async def test_peers_are_asked_and_what_they_send_is_told_to_the_store(start, seeder):
    film = seeder.seed_new(b"y" * 30_000, name="film")
    async with start() as daemon:
        with daemon.events(TorrentLookedUp) as events:
            uri = f"magnet:?xt=urn:btih:{film.infohash}&x.pe={seeder.host}:{seeder.port}"
            found = await daemon.post(URI, json={"uri": uri, "hops": 0, "skipmagnet": False})
            event = await events.next()

    assert (found["name"], found["valid_certificate"]) == ("film", True)
    assert (str(event.metainfo.infohash), event.for_store) == (film.infohash, True)


async def test_links_that_shall_not_be_looked_up_are_answered_at_once_with_nothing(start, album, tmp_path):
    (tmp_path / "a.torrent").write_bytes(album.metainfo)
    async with start() as daemon:
        for uri in (NOBODY, "magnet:rubbish", "MAGNET:?"):
            assert await daemon.post(URI, json={"uri": uri, "skipmagnet": True}) == NOTHING
        found = await daemon.post(URI, json={"uri": f"file://{tmp_path}/a.torrent", "skipmagnet": True})

    assert found["name"] == "album"


async def test_hops_are_numbers_and_looked_at_first(start):
    async with start() as daemon:
        for hops, shown in (
            ("many", "many"),
            (-1, "-1"),
            (4, "4"),
            (1.5, "1.5"),
            ([1], "[1]"),
            (True, "true"),
            ("", ""),
        ):
            message = await refusal(daemon, 400, {"hops": hops})
            assert message == f"wrong value of 'hops' parameter: {shown}"
        for default in (0, None, "0"):
            assert await daemon.post(URI, json={"uri": NOBODY, "hops": default, "skipmagnet": 1}) == NOTHING


async def test_a_uri_has_to_be_there_and_of_a_known_kind(start):
    async with start() as daemon:
        for body in ({}, {"uri": ""}, {"uri": None}):
            assert await refusal(daemon, 400, body) == "uri parameter missing"
        for uri in ("ftp://host/a", "album.torrent", "/srv/a.torrent"):
            assert await refusal(daemon, 400, {"uri": uri}) == "invalid uri"
        assert await refusal(daemon, 400, b"") == "Bad JSON"
        assert await refusal(daemon, 400, [NOBODY]) == "Bad JSON"
        assert await refusal(daemon, 400, {"uri": 5}) == "uri: expected str | null, got int"


async def test_a_link_without_an_infohash_is_refused_with_the_words_of_the_engine(start):
    async with start() as daemon:
        message = await refusal(daemon, 400, {"uri": "magnet:?dn=film"})

    assert message.startswith("Error while getting an infohash from magnet: RuntimeError: missing info-hash")


async def test_nobody_may_answer(start):
    async with start() as daemon:
        assert await refusal(daemon, 500, {"uri": f"{NOBODY}&x.pe=127.0.0.1:9"}) == "metainfo error"


async def test_a_file_that_is_no_torrent_is_told_by_its_path(start, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    async with start() as daemon:
        for path in (tmp_path / "notes.txt", tmp_path / "missing.torrent", tmp_path):
            message = await refusal(daemon, 500, {"uri": f"file://{path}"})
            assert message == f"error while decoding torrent file: {path}"


async def test_what_servers_send_instead_of_a_torrent_is_told(start, album):
    async def broken(request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"d8:announce")
        request.transport.close()
        return response

    answers = {
        "/album": album.metainfo,
        "/page": b"<html>",
        "/list": b"le",
        "/missing": 404,
        "/link": b"magnet:?dn=film",
        "/large": b"x" * (16 * 1024 * 1024 + 1),
        "/broken": broken,
    }
    async with serving(answers) as url, start() as daemon:
        found = await daemon.post(URI, json={"uri": f"{url}/album"})
        messages = {path: await refusal(daemon, 500, {"uri": url + path}) for path in list(answers)[1:]}
        away = await refusal(daemon, 500, {"uri": "http://127.0.0.1:9/album"})

    assert (found["name"], found["valid_certificate"]) == ("album", True)
    link = messages.pop("/link")
    assert link.startswith("Error while getting an infohash from magnet: RuntimeError: missing info-hash")
    assert messages == {
        "/page": f"Could not read torrent from {url}/page",
        "/list": f"Could not read torrent from {url}/list",
        "/missing": "The server answered with HTTP status code 404",
        "/large": "Error while reading response from http uri",
        "/broken": "Error while reading response from http uri",
    }
    assert away.startswith("Cannot fetch the torrent: ")


async def test_a_wrong_certificate_is_told_where_it_is_accepted(start, album, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with serving({"/album": album.metainfo}, context) as url, start("settings") as daemon:
        refused = await refusal(daemon, 500, {"uri": f"{url}/album"})
        await daemon.post("/settings", json={"libtorrent": {"accept_bad_certificates": True}})
        found = [await daemon.post(URI, json={"uri": f"{url}/album"}) for _ in range(2)]
        added = await daemon.put("/downloads", json={"uri": f"{url}/album"})

    assert "certificate verify failed" in refused
    assert [(one["name"], one["valid_certificate"]) for one in found] == [("album", False)] * 2
    assert added["infohash"] == album.infohash


async def test_it_is_not_ready_without_its_area(start_daemon):
    async with start_daemon("tribler8") as daemon:
        for method, path in (("POST", URI), ("PUT", FILE)):
            message = await refusal(daemon, 404, {"uri": NOBODY}, method, path)
            assert message == f"Required components not initialized to serve {path}"
