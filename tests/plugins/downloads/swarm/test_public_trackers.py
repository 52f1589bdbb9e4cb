"""Trackers that public torrents get from lists: a file of this machine, and a real server."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.plugins.downloads.conftest import service, upload, wait_for_status
from tests.plugins.downloads.swarm.test_tracker_routes import urls
from tests.trackers import udp_tracker
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads, DownloadTrackers
from triblerd_downloads.swarm.tracker_list import parse_list
from triblerd_libtorrent.testing import make_torrent

OWN, LISTED, FETCHED = (f"http://127.0.0.1:1/announce/{name}" for name in ("own", "listed", "fetched"))
LIST = f"# the best ones\n\n  {FETCHED}  \nrubbish\n{FETCHED}\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "trackers.txt"
    path.write_text(LIST.replace(FETCHED, LISTED))
    return path


async def test_lists_are_off_by_default(start_downloads, tmp_path):
    async with start_downloads("settings") as daemon:
        settings = (await daemon.get("/settings"))["settings"]
        torrent = make_torrent(tmp_path, b"x" * 100, trackers=(OWN,))
        await upload(daemon, torrent)

        assert await urls(daemon, torrent) == [OWN]
    assert settings["download_defaults"]["trackers_file"] == ""
    assert settings["downloads"]["trackers_url"] == ""


async def test_a_public_torrent_gets_the_trackers_of_the_file_and_a_private_one_does_not(
    start_downloads, tmp_path, file, caplog
):
    public = make_torrent(tmp_path, b"x" * 100, name="public", trackers=(OWN,))
    private = make_torrent(tmp_path, b"x" * 100, name="private", trackers=(OWN,), private=True)
    async with start_downloads(download_defaults={"trackers_file": str(file)}) as daemon:
        await upload(daemon, public)
        await upload(daemon, private)

        assert await urls(daemon, public) == [OWN, LISTED]
        assert await urls(daemon, private) == [OWN]
    told = [record.message for record in caplog.records if "no tracker" in record.message]
    assert told == [f"{file}: 1 lines name no tracker, the first is 'rubbish'"]


async def test_a_changed_file_counts_for_the_next_download(start_downloads, tmp_path, file):
    first = make_torrent(tmp_path, b"x" * 100, name="first")
    second = make_torrent(tmp_path, b"x" * 100, name="second")
    async with start_downloads(download_defaults={"trackers_file": str(file)}) as daemon:
        await upload(daemon, first)
        file.write_text(f"{OWN}\n{LISTED}\n")
        await upload(daemon, second)

        assert await urls(daemon, first) == [LISTED]
        assert await urls(daemon, second) == [OWN, LISTED]


async def test_a_magnet_link_gets_the_trackers_when_its_metadata_prove_public(start_downloads, seeder, file):
    torrent = seeder.seed_new(b"x" * 100_000)
    async with start_downloads(download_defaults={"trackers_file": str(file)}) as daemon:
        await daemon.put("/downloads", json={"uri": torrent.magnet})
        assert await urls(daemon, torrent) == []
        await wait_for_status(daemon, torrent.infohash, "METADATA")

        body = {"ip": seeder.host, "port": seeder.port}
        await daemon.put(f"/downloads/{torrent.infohash}/peers", json=body)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        async def has_tracker():
            return await urls(daemon, torrent) == [LISTED]

        await wait_for(has_tracker)


async def test_metadata_that_prove_private_bring_no_trackers(start_downloads, tmp_path, file):
    torrent = make_torrent(tmp_path, b"x" * 100, private=True)
    async with start_downloads(download_defaults={"trackers_file": str(file)}) as daemon:
        await upload(daemon, torrent)

        # The engine's peers do not send the metadata of private torrents.
        await service(daemon, DownloadTrackers).add_public(service(daemon, Downloads).get(torrent.infohash))

        assert await urls(daemon, torrent) == []


async def test_a_tracker_of_the_list_that_was_removed_stays_away(start_downloads, tmp_path, file):
    torrent = make_torrent(tmp_path, b"x" * 100)
    config = {"download_defaults": {"trackers_file": str(file)}}
    async with start_downloads(**config) as daemon:
        await upload(daemon, torrent)
        await daemon.delete(f"/downloads/{torrent.infohash}/trackers", json={"url": LISTED})
    async with start_downloads(**config) as daemon:
        assert await urls(daemon, torrent) == []


async def test_a_listed_tracker_is_announced_to(start_downloads, seeder, file):
    torrent = seeder.seed_new(b"x" * 100_000)
    async with udp_tracker() as tracker:
        tracker.peers = [(seeder.host, seeder.port)]
        file.write_text(tracker.url)
        async with start_downloads(download_defaults={"trackers_file": str(file)}) as daemon:
            await upload(daemon, torrent)

            await wait_for_status(daemon, torrent.infohash, "SEEDING")


@pytest.mark.parametrize("name", ["missing", ".", "trackers\0.txt", "../../relative"])
async def test_a_file_that_cannot_be_read_is_told_of_once_and_keeps_nothing(start_downloads, tmp_path, name, caplog):
    path = name if name.startswith("../") else f"{tmp_path}/{name}"
    torrents = [make_torrent(tmp_path, b"x" * 100, name=f"film{number}") for number in range(2)]
    async with start_downloads(download_defaults={"trackers_file": path}) as daemon:
        for torrent in torrents:
            await upload(daemon, torrent)

    assert len([record for record in caplog.records if "cannot be used" in record.message]) == 1


async def test_a_file_outside_of_the_roots_is_not_read(start_downloads, tmp_path, file):
    torrent = make_torrent(tmp_path, b"x" * 100)
    roots = {"api": {"file_roots": [str(tmp_path / "saved")]}}
    async with start_downloads(download_defaults={"trackers_file": str(file)}, **roots) as daemon:
        await upload(daemon, torrent)

        assert await urls(daemon, torrent) == []


async def test_a_list_is_fetched_kept_and_fetched_again_when_it_is_due(start_downloads, tmp_path):
    async with list_server() as server:
        config = {"downloads": {"trackers_url": server.url, "trackers_url_interval": 86400}}
        async with start_downloads(**config) as daemon:
            await wait_for(lambda: gets_listed(daemon, tmp_path, FETCHED))
        async with start_downloads(**config) as daemon:  # the one that is kept is young enough
            assert await gets_listed(daemon, tmp_path, FETCHED)

    assert server.asked == ["/list"]


async def test_a_list_is_fetched_as_soon_as_it_is_wanted(start_downloads, tmp_path):
    async with list_server() as server, start_downloads("settings") as daemon:
        await daemon.post("/settings", json={"downloads": {"trackers_url": server.url}})
        await wait_for(lambda: gets_listed(daemon, tmp_path, FETCHED))

        server.body = OWN.encode()
        await daemon.post("/settings", json={"downloads": {"trackers_url": f"{server.url}?other"}})
        await wait_for(lambda: gets_listed(daemon, tmp_path, OWN))
        await daemon.post("/settings", json={"downloads": {"trackers_url": ""}})
        assert await gets_listed(daemon, tmp_path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/missing", "HTTP status code 404"),
        ("/huge", "it is larger than 1048576 bytes"),
        ("/page", "names none"),
        ("/silent", "did not come within 1 s"),
        ("/trickle", "did not come within 1 s"),
        ("/file", "file:///etc/passwd"),
        ("/loop", "/loop"),
    ],
)
async def test_a_server_without_a_good_list_is_told_of_and_the_list_before_stays(daemon_process, tmp_path, path, text):
    async with list_server() as server:
        config = {
            "downloads": {"trackers_url": server.url, "trackers_url_interval": 60, "trackers_url_timeout": 1},
            "download_defaults": {"saveas": str(tmp_path / "saved")},
        }
        async with daemon_process("downloads", "settings", config=config) as daemon:
            await wait_for(lambda: gets_listed(daemon, tmp_path, FETCHED))
            await daemon.post("/settings", json={"downloads": {"trackers_url": server.url.replace("/list", path)}})
            await wait_for(lambda: text in daemon.output, what=text)
            await daemon.post("/settings", json={"downloads": {"trackers_url": server.url}})

            assert await gets_listed(daemon, tmp_path, FETCHED)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/list", "rubbish", "http://a b"])
async def test_lists_come_by_http_alone(start_downloads, url):
    async with start_downloads("settings") as daemon:
        answer = await daemon.call("POST", "/settings", json={"downloads": {"trackers_url": url}}, status=400)

    assert answer["error"].startswith("downloads.trackers_url: ")


def test_a_list_has_an_end(caplog):
    caplog.set_level(logging.WARNING)
    lines = "\r\n".join(f"udp://tracker.example:{port}" for port in range(1, 1000))

    assert len(parse_list(f"\ufeff{lines}".encode(), "list")) == 500
    assert "only the first 500 of 999" in caplog.text


def test_bytes_that_are_no_text_are_no_trackers():
    assert parse_list(b"\xff\xfe\x00\n" + LISTED.encode() + b"\n\x00\n", "list") == (LISTED,)


class Server:
    """A server of lists.

    Attributes:
        url: Where the good list is.
        body: The good list.
        asked: The paths that were asked for.
    """

    def __init__(self):
        self.url = ""
        self.body = LIST.encode()
        self.asked = []
        self.over = asyncio.Event()

    async def answer(self, request):
        self.asked.append(request.path)
        match request.path:
            case "/list":
                return web.Response(body=self.body)
            case "/huge":
                return web.Response(body=f"{OWN}\n".encode() * 500_000)
            case "/page":
                return web.Response(text="<html>Sorry.</html>", content_type="text/html")
            case "/silent":
                await self.over.wait()
            case "/trickle":
                return await self.trickle(request)
            case "/file":
                return web.Response(status=302, headers={"Location": "file:///etc/passwd"})
            case "/loop":
                return web.Response(status=302, headers={"Location": "/loop"})
        raise web.HTTPNotFound

    async def trickle(self, request):
        """Send a list that never ends, byte by byte."""
        response = web.StreamResponse()
        await response.prepare(request)
        while not self.over.is_set():
            await response.write(b"#")
            await asyncio.sleep(0.05)
        return response


@asynccontextmanager
async def list_server():
    server = Server()
    app = web.Application()
    app.router.add_get("/{tail:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/list"
    try:
        yield server
    finally:
        server.over.set()
        await runner.cleanup()


async def gets_listed(daemon, tmp_path, *expected):
    """Return whether a new public download gets exactly these trackers."""
    name = f"film{len(list(tmp_path.glob('film*')))}"
    torrent = make_torrent(tmp_path, name.encode() * 10, name=name)
    await upload(daemon, torrent)
    return await urls(daemon, torrent) == list(expected)
