"""From a URI to a torrent, with a real server on 127.0.0.1."""

import asyncio
import os
from typing import cast

import pytest
from aiohttp import web

from triblerd.errors import FailedError
from triblerd_downloads.config import DownloadDefaults, DownloadsConfig
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.sources import SourceError, Sources, file_path, read_file
from triblerd_libtorrent.api import Magnet, Metainfo, TorrentEngine
from triblerd_libtorrent.magnet import parse_magnet
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import make_torrent

MAGNET = "magnet:?xt=urn:btih:" + "ab" * 20


class Parsers:
    """The two parsers of the engine, without a session."""

    async def parse_metainfo(self, raw):
        return parse_metainfo(raw)

    parse_magnet = staticmethod(parse_magnet)


class Roots:
    """Directories that paths are confined to."""

    def __init__(self, *roots):
        self.roots = roots

    def allow(self, path):
        return not self.roots or any(path.resolve().is_relative_to(root) for root in self.roots)


@pytest.fixture
async def sources():
    """Offer sources with a short time limit."""
    settings = DownloadSettings(config=DownloadsConfig(fetch_timeout=0.5), defaults=DownloadDefaults())
    sources = Sources(engine=cast("TorrentEngine", Parsers()), settings=settings, roots=Roots())
    yield sources
    await sources.close()


@pytest.fixture
def torrent(tmp_path):
    """Offer a torrent."""
    return make_torrent(tmp_path, b"x" * 20_000, name="film")


@pytest.fixture
async def server(torrent):
    """Run a server of torrents and of what else servers send; return its address."""

    async def answer(request):
        match request.path:
            case "/film.torrent":
                return web.Response(body=torrent.metainfo)
            case "/magnet":
                return web.Response(text=f"{MAGNET}\n")
            case "/missing":
                return web.Response(status=404)
            case "/rubbish":
                return web.Response(text="<html>")
            case "/large":
                return web.Response(body=bytes((16 << 20) + 1))
        raise web.HTTPFound(request.query["to"])

    async def slow(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await closing.wait()
        return response

    closing = asyncio.Event()
    app = web.Application()
    app.router.add_get("/slow", slow)
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    closing.set()
    await runner.cleanup()


async def test_a_torrent_is_fetched_also_at_the_end_of_redirects(sources, server, torrent):
    fetched = await sources.resolve(f"{server}/film.torrent")
    redirected = await sources.resolve(f"{server}/r?to=/r%3Fto=/film.torrent")

    assert isinstance(fetched, Metainfo)
    assert fetched.infohash == redirected.infohash == torrent.infohash


async def test_a_magnet_link_may_be_the_answer_or_the_end_of_redirects(sources, server):
    sent = await sources.resolve(f"{server}/magnet")
    redirected = await sources.resolve(f"{server}/r?to=magnet:%3Fxt=urn:btih:{'ab' * 20}")

    assert isinstance(sent, Magnet)
    assert sent.infohash == redirected.infohash == "ab" * 20


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/missing", "The server answered with HTTP status code 404"),
        ("/rubbish", "Invalid torrent file"),
        ("/large", "The server sends more than 16777216 bytes"),
        ("/slow", "The server did not send the torrent within 0.5 s"),
        ("/r?to=file:///etc/passwd", "The server redirects to a file: URI, which is not followed"),
        ("/r?to=/r%3Fto=/r", None),
    ],
)
async def test_what_servers_send_is_not_trusted(sources, server, path, text):
    with pytest.raises(FailedError) as caught:
        await sources.resolve(server + path)

    assert str(caught.value)
    if text:
        assert text in str(caught.value)


async def test_endless_redirects_are_not_followed_to_the_end(sources, server):
    with pytest.raises(SourceError, match=r"more than 10 times|status code"):
        await sources.resolve(f"{server}/r?to=" + "/r%3Fto=" * 12)


async def test_a_server_that_is_not_there_gives_a_reason(sources):
    with pytest.raises(SourceError, match=r"Cannot fetch the torrent: .+"):
        await sources.resolve("http://127.0.0.1:9/x.torrent")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:/a/b", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("file://localhost/a/b", "/a/b"),
        ("FILE:///a/b%20c%23.torrent", "/a/b c#.torrent"),
    ],
)
def test_both_spellings_of_file_uris_are_understood(uri, path):
    assert str(file_path(uri)) == path


@pytest.mark.parametrize("uri", ["file:a/b", "file://server/a", "file:", "file:///a%00b"])
def test_file_uris_of_other_machines_and_relative_ones_are_refused(uri):
    with pytest.raises(SourceError):
        file_path(uri)


async def test_a_local_torrent_is_read(sources, torrent, tmp_path):
    (tmp_path / "a b.torrent").write_bytes(torrent.metainfo)

    found = await sources.resolve(f"file://{tmp_path}/a%20b.torrent")

    assert found.infohash == torrent.infohash


def test_only_regular_files_within_the_roots_are_read(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.write_text("secret")
    (inside / "link").symlink_to(outside)
    (inside / "file").write_text("torrent")
    os.mkfifo(inside / "pipe")
    roots = Roots(inside)

    assert read_file(inside / "file", roots) == b"torrent"
    for path in (outside, inside / "link", inside / ".." / "out"):
        with pytest.raises(SourceError, match="outside"):
            read_file(path, roots)
    for path in (inside / "pipe", inside):
        with pytest.raises((SourceError, OSError)):
            read_file(path, roots)
