"""From a URI to a torrent, with a real server on 127.0.0.1."""

import asyncio
import os
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web

from tests.carrier.socks_server import SocksServer
from triblerd.errors import FailedError
from triblerd.service_registry import ServiceRegistry
from triblerd_libtorrent.api import (
    EngineError,
    FetchError,
    LocalFileError,
    Magnet,
    Metainfo,
    MetainfoError,
    NotBencodedError,
    NoTunnelsError,
    SourceError,
    TorrentEngine,
    TunnelAccess,
    Tunnels,
    TunnelState,
    UnknownSchemeError,
)
from triblerd_libtorrent.circuit_fetching import CircuitCourier
from triblerd_libtorrent.magnet import parse_magnet
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.sites import Site, Sites
from triblerd_libtorrent.sources import Sources, file_path, read_file
from triblerd_libtorrent.testing import make_torrent

MAGNET = "magnet:?xt=urn:btih:" + "ab" * 20


class Parsers:
    """The two parsers of the engine, without a session."""

    async def parse_metainfo(self, raw):
        return parse_metainfo(raw)

    parse_magnet = staticmethod(parse_magnet)

    def sessions(self):
        return [0, 1]


class Hooks:
    """Plugins that read further schemes, by name."""

    def __init__(self, **plugins):
        self.plugins = plugins

    def call_each(self, hook: str, **_: object):
        assert hook == "triblerd_uri_schemes"
        return iter(self.plugins.items())


class Roots:
    """Directories that paths are confined to."""

    def __init__(self, *roots):
        self.roots = roots

    def allow(self, path):
        return not self.roots or any(path.resolve().is_relative_to(root) for root in self.roots)


def sources_with(**plugins):
    return Sources(
        engine=cast("TorrentEngine", Parsers()),
        roots=Roots(),
        hooks=Hooks(**plugins),
        recent=RecentMetainfo(),
        courier=courier(Sites()),
        fetch_timeout=0.5,
    )


def courier(sites, services=None):
    """Return who fetches by the SOCKS5 servers of these sessions."""
    tunnels = TunnelAccess(services=services or ServiceRegistry(), sessions=lambda: sorted(sites))

    async def entered(hops):
        tunnels.require(hops)

    return CircuitCourier(entered=entered, tunnels=tunnels, sites=sites)


@pytest.fixture
async def sources():
    """Offer sources with a short time limit."""
    sources = sources_with()
    yield sources
    await sources.close()


@pytest.fixture
def torrent(tmp_path):
    """Offer a torrent."""
    return make_torrent(tmp_path, b"x" * 20_000, name="film")


@pytest.fixture
def visits():
    """Note the paths that the server was asked for."""
    return []


def redirect(left):
    """Answer with the first of so many redirects to the torrent."""
    return web.Response(status=302, headers={"Location": f"/steps/{left - 1}" if left > 1 else "/film.torrent"})


async def nowhere(_request):
    """Redirect without saying where to."""
    return web.Response(status=302)


@pytest.fixture
async def server(torrent, visits):
    """Run a server of torrents and of what else servers send; return its address."""

    async def answer(request):
        visits.append(request.path)
        match request.path:
            case "/film.torrent":
                return web.Response(body=torrent.metainfo)
            case "/magnet":
                return web.Response(text=f"{MAGNET}\n")
            case "/missing":
                return web.Response(status=404)
            case "/rubbish":
                return web.Response(text="<html>")
            case "/number":
                return web.Response(text="i5e")
            case "/large":
                return web.Response(body=bytes((16 << 20) + 1))
        raise web.HTTPFound(request.query["to"])

    async def step(request):
        visits.append(request.path)
        return redirect(int(request.match_info["left"]))

    async def slow(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await closing.wait()
        return response

    closing = asyncio.Event()
    app = web.Application()
    app.router.add_get("/slow", slow)
    app.router.add_get("/nowhere", nowhere)
    app.router.add_get("/steps/{left}", step)
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
        ("/nowhere", "The server redirects without saying where to"),
    ],
)
async def test_what_servers_send_is_not_trusted(sources, server, path, text):
    with pytest.raises(FailedError) as caught:
        await sources.resolve(server + path)

    assert text in str(caught.value)


async def test_ten_redirects_are_followed_and_no_more(sources, server, torrent, visits):
    fetched = await sources.resolve(f"{server}/steps/10")
    visits.clear()
    with pytest.raises(SourceError, match="more than 10 times"):
        await sources.resolve(f"{server}/steps/100")

    assert fetched.infohash == torrent.infohash
    assert visits == [f"/steps/{left}" for left in range(100, 89, -1)]


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
        with pytest.raises(LocalFileError, match="outside"):
            read_file(path, roots)
    for path in (inside / "pipe", inside):
        with pytest.raises((SourceError, OSError)):
            read_file(path, roots)


async def test_what_was_fetched_is_not_fetched_again_within_five_minutes(sources, server, visits):
    fetched = [await sources.resolve(f"{server}/film.torrent") for _ in range(3)]

    assert fetched[0] is fetched[2]
    assert visits == ["/film.torrent"]


async def test_what_is_no_torrent_is_told_from_what_is_not_even_bencoded(sources, server):
    with pytest.raises(NotBencodedError):
        await sources.resolve(f"{server}/rubbish")
    with pytest.raises(MetainfoError) as caught:
        await sources.resolve(f"{server}/number")

    assert not isinstance(caught.value, NotBencodedError)


async def test_nothing_is_fetched_in_the_clear_that_shall_have_hops(sources, server, visits):
    with pytest.raises(NoTunnelsError, match="need the tunnels plugin"):
        await sources.resolve(f"{server}/film.torrent", hops=2)

    assert visits == []


@pytest.fixture
async def by_tunnels(sources):
    """Have the sources fetch with one hop by a SOCKS5 server that can be asked what it was asked for."""
    socks = SocksServer(names={"shelf.test": "127.0.0.1"})
    await socks.start()
    site = cast("Site", SimpleNamespace(socks=("127.0.0.1", socks.port)))
    sources._courier = courier(Sites({1: site}))
    yield socks
    await socks.close()


async def test_with_hops_the_exit_asks_the_server_and_finds_its_address(sources, server, visits, torrent, by_tunnels):
    port = int(server.rpartition(":")[2])

    found = await sources.resolve(f"http://shelf.test:{port}/film.torrent", hops=1)

    assert found.infohash == torrent.infohash
    assert by_tunnels.connects == [("shelf.test", port)]
    assert visits == ["/film.torrent"]


async def test_with_hops_redirects_are_followed_through_the_tunnels(sources, server, by_tunnels):
    assert isinstance(await sources.resolve(f"{server}/steps/3", hops=1), Metainfo)
    assert len(by_tunnels.connects) == 4
    assert isinstance(await sources.resolve(f"{server}/to?to={MAGNET}", hops=1), Magnet)
    with pytest.raises(NoTunnelsError, match="carry http: alone"):
        await sources.resolve(f"{server}/to?to=https://127.0.0.1:1/x", hops=1)
    with pytest.raises(FetchError, match="404"):
        await sources.resolve(f"{server}/missing", hops=1)


async def test_https_cannot_go_through_the_tunnels(sources, by_tunnels):
    with pytest.raises(NoTunnelsError, match="https: cannot be fetched through the tunnels"):
        await sources.resolve("https://127.0.0.1:1/film.torrent", hops=1)

    assert by_tunnels.connects == []


async def test_tunnels_that_bring_nothing_back_are_an_error(sources, server, visits, by_tunnels):
    by_tunnels.is_open = False

    with pytest.raises(FetchError, match="Nothing came back through the tunnels"):
        await sources.resolve(f"{server}/film.torrent", hops=1)

    assert (len(by_tunnels.connects), visits) == (3, [])


@pytest.mark.parametrize(
    ("state", "text"),
    [(TunnelState.NO_EXITS, "No exit node is known"), (TunnelState.NO_CIRCUITS, "No circuit of 1 hop")],
)
async def test_it_is_waited_for_circuits_and_told_what_is_missing(sources, server, by_tunnels, state, text):
    services = ServiceRegistry()
    services.offer("tests", {Tunnels: FixedTunnels(state)})
    sources._courier = courier(sources._courier._sites, services)

    with pytest.raises(NoTunnelsError, match=text):
        await sources.resolve(f"{server}/film.torrent", hops=1)

    assert by_tunnels.connects == []


class FixedTunnels:
    """Tunnels of one hop that stay as they are."""

    def __init__(self, state):
        self._state = state

    def hops(self):
        return [1]

    def want(self, hops):
        assert hops == 1

    def state(self, hops):
        assert hops == 1
        return self._state


async def test_a_plugin_reads_schemes_of_its_own(torrent):
    async def read(uri, hops):
        return torrent.metainfo if uri == "shelf:film" else f"{MAGNET}&dn={hops}"

    sources = sources_with(first={"other": read}, second={"shelf": read}, third={"shelf": None})

    sources._courier = courier(Sites({1: cast("Site", None)}))

    film = await sources.resolve("shelf:film")
    link = await sources.resolve("shelf:x", hops=1)

    assert film.infohash == torrent.infohash
    assert (link.infohash, link.name) == ("ab" * 20, "1")


async def test_what_goes_wrong_in_a_plugin_becomes_a_refusal(caplog):
    async def fail(_uri, _hops):
        raise LookupError("nothing there")  # noqa: EM101, TRY003 - as somebody else might write it

    sources = sources_with(shelf={"shelf": fail}, nothing=None)

    with pytest.raises(FetchError, match="The plugin shelf failed to read the URI: nothing there"):
        await sources.resolve("shelf:x")
    with pytest.raises(EngineError):
        await sources.resolve("shelf:x", hops=3)
    with pytest.raises(UnknownSchemeError, match="invalid uri"):
        await sources.resolve("other:x")
    assert "failed to read a URI" in caplog.text
