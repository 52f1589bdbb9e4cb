"""Web seeds of a download (BEP 19), with a real server of files that knows ranges."""

import random
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.plugins.downloads.conftest import service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import make_torrent

FIRST, SECOND = "http://127.0.0.1:1/first", "http://127.0.0.1:1/second"


async def test_a_web_seed_completes_a_download_that_has_no_peer(start_downloads, tmp_path):
    content = random.Random(2).randbytes(400_000)
    torrent = make_torrent(tmp_path / "web", content, name="film")
    async with file_server(tmp_path / "web") as (url, asked), start_downloads() as daemon:
        await upload(daemon, torrent)

        answer = await daemon.put(f"/downloads/{torrent.infohash}/web_seeds", json={"url": url})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        listed = await daemon.get(f"/downloads/{torrent.infohash}/web_seeds")

    assert answer == {"added": True}
    assert listed == {"web_seeds": [{"url": url}]}
    assert (tmp_path / "saved" / "film").read_bytes() == content
    assert set(asked) == {"/film"}


async def test_a_web_seed_serves_the_files_of_a_folder(start_downloads, tmp_path):
    files = {"a b.bin": b"a" * 100_000, "c/d.bin": b"d" * 50_000}
    torrent = make_torrent(tmp_path / "web", files, name="album")
    async with file_server(tmp_path / "web") as (url, _), start_downloads() as daemon:
        await upload(daemon, torrent)
        await daemon.put(f"/downloads/{torrent.infohash}/web_seeds", json={"url": url})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert (tmp_path / "saved" / "album" / "a b.bin").read_bytes() == files["a b.bin"]
    assert (tmp_path / "saved" / "album" / "c" / "d.bin").read_bytes() == files["c/d.bin"]


async def test_a_web_seed_is_shown_among_the_peers(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path / "web", random.Random(3).randbytes(3_000_000), name="film")
    async with file_server(tmp_path / "web") as (url, _), start_downloads() as daemon:
        await upload(daemon, torrent)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"download_limit": 300_000})
        await daemon.put(f"/downloads/{torrent.infohash}/web_seeds", json={"url": url})

        async def shown():
            return (await daemon.get(f"/downloads/{torrent.infohash}/peers"))["peers"]

        (peer,) = await wait_for(shown, what="the web seed")

    assert (peer["connection_type"], peer["ip"], peer["direction"]) == (1, "127.0.0.1", "L")


async def test_changed_web_seeds_hold_after_a_kill(daemon_process, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, web_seeds=(FIRST,))
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process("downloads", config=config) as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/web_seeds"
        assert await daemon.get(path) == {"web_seeds": [{"url": FIRST}]}
        assert await daemon.delete(path, json={"url": FIRST}) == {"removed": True}
        await daemon.put(path, json={"url": SECOND})
        daemon.kill()
        await daemon.start()
        assert await daemon.get(path) == {"web_seeds": [{"url": SECOND}]}

        await daemon.restart()  # which has saved resume data before
        await daemon.delete(path, json={"url": SECOND})
        await daemon.put(path, json={"url": FIRST})
        daemon.kill()
        await daemon.start()
        assert await daemon.get(path) == {"web_seeds": [{"url": FIRST}]}


async def test_web_seeds_of_a_torrent_that_the_engine_lacks_are_changed_in_the_store(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100, web_seeds=(FIRST,))
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/web_seeds"
        engine = service(daemon, TorrentEngine)
        await wait_for(lambda: engine.has(torrent.infohash))
        await engine.remove(torrent.infohash)

        await daemon.put(path, json={"url": SECOND})
        await daemon.delete(path, json={"url": FIRST})
        await daemon.delete(path, json={"url": "never there"})

        assert await daemon.get(path) == {"web_seeds": [{"url": SECOND}]}
    async with start_downloads() as daemon:
        await wait_for(lambda: service(daemon, TorrentEngine).has(torrent.infohash))
        assert await daemon.get(path) == {"web_seeds": [{"url": SECOND}]}


async def test_a_web_seed_of_a_folder_is_removed_as_it_was_named(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, {"a": b"a", "b": b"b"}, name="album")
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/web_seeds"
        await wait_for(lambda: service(daemon, TorrentEngine).has(torrent.infohash))
        await daemon.put(path, json={"url": FIRST})
        await daemon.delete(path, json={"url": FIRST})

        assert await daemon.get(path) == {"web_seeds": []}


@pytest.mark.parametrize(
    "url", ["rubbish", "udp://host:1/x", "file:///etc/passwd", "http://", "http://h/\n", "ftp://h/"]
)
async def test_what_is_no_web_seed_is_not_added(start_downloads, tmp_path, url):
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/web_seeds"

        answer = await daemon.put(path, json={"url": url}, status=400)

        assert answer["error"].startswith("url must be an http or https address of a web seed")
        assert await daemon.get(path) == {"web_seeds": []}


async def test_no_download_takes_any_number_of_web_seeds(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/web_seeds"
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        for number in range(100):
            await daemon.put(path, json={"url": f"{FIRST}/{number}"})

        answer = await daemon.put(path, json={"url": FIRST}, status=400)

    assert answer == {"error": "A download has at most 100 web seeds beside those of its torrent file"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_download_that_is_not_there_has_no_web_seeds(start_downloads, method):
    async with start_downloads() as daemon:
        missing = await daemon.call(method, f"/downloads/{'0' * 40}/web_seeds", json={"url": FIRST}, status=404)
        rubbish = await daemon.call(method, "/downloads/xyz/web_seeds", json={"url": FIRST}, status=400)

    assert missing == {"error": "this download does not exist"}
    assert rubbish == {"error": "Invalid infohash"}


@asynccontextmanager
async def file_server(folder):
    """Serve a folder's files; yield its address and the paths that are asked for."""
    asked = []

    @web.middleware
    async def note(request, handler):
        asked.append(request.path)
        return await handler(request)

    app = web.Application(middlewares=[note])
    app.router.add_static("/", folder)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", asked
    finally:
        await runner.cleanup()
