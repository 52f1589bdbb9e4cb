"""That an anonymous session speaks to nobody but its SOCKS5 server, whatever it is told to use."""

import libtorrent as lt
import psutil
import pytest

from tests.carrier.socks_server import SocksServer
from tests.plugins.libtorrent.conftest import QUIET
from tests.trackers import http_tracker, udp_tracker
from triblerd.testing import wait_for
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.session import open_session
from triblerd_libtorrent.settings_pack import anonymous_settings, plain_settings
from triblerd_libtorrent.testing import Seeder

EXIT = "127.0.0.77"
LOUD = LibtorrentConfig(dht=True, lsd=True, upnp=True, natpmp=True)
ROUTERS = {"185.157.221.247", "87.98.162.88", "212.129.33.59", "67.215.246.10", "82.221.103.244"}


@pytest.fixture
async def socks():
    """Run a SOCKS5 server; what leaves it has the address of the exit."""
    server = SocksServer(EXIT, names={"tracker.test": "127.0.0.1"})
    await server.start()
    yield server
    await server.close()


def parameters(torrent, folder, trackers):
    params = lt.load_torrent_buffer(torrent.metainfo)
    params.save_path = str(folder)
    params.trackers = trackers
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return params


def sockets():
    """Return the sockets of this process, but for those within it: kind, own address, other address."""
    return {
        (one.type.name, one.laddr, one.raddr)
        for one in psutil.Process().net_connections("inet")
        if one.status != psutil.CONN_TIME_WAIT
    }


async def test_an_anonymous_session_sends_nothing_past_its_socks_server(socks, seeder, tmp_path):
    torrent, other = seeder.seed_new(b"secret " * 30_000), seeder.seed_new(b"x", name="other")
    async with http_tracker() as web, udp_tracker() as udp:
        port = int(web.url.rpartition(":")[2].partition("/")[0])
        before = sockets()
        session = await open_session(1, anonymous_settings(LOUD, 1, "127.0.0.1", socks.port))
        await socks.associated()
        trackers = [f"http://tracker.test:{port}/announce"]
        handle = session.raw.add_torrent(parameters(torrent, tmp_path / "saved", trackers))
        handle.connect_peer((seeder.host, seeder.port))
        await wait_for(lambda: handle.status().is_seeding and web.announces)
        session.raw.add_torrent(parameters(other, tmp_path / "saved", [udp.url]))
        await wait_for(lambda: udp.announces)
        await wait_for(lambda: {target.host for target, _ in socks.datagrams} >= ROUTERS)
        opened = {(kind, ours, theirs) for kind, ours, theirs in sockets() - before if ours.port != socks.port}
        outside = [kind for kind, _, theirs in opened if theirs and not theirs.ip.startswith("127.")]
        listening = [ours for kind, ours, theirs in opened if kind == "SOCK_STREAM" and not theirs]
        await session.close()

    assert (tmp_path / "saved/tiny").read_bytes() == b"secret " * 30_000
    assert ("tracker.test", port) in socks.connects  # by its name: nobody here has looked for its address
    assert {address for address, _ in web.visitors + udp.visitors} == {EXIT}
    assert {name for _, name in web.visitors} == {"curl/7.81.0"}
    assert (outside, listening) == ([], [])
    assert not [data for _, data in socks.datagrams if b"triblerd" in data or b"-TL" in data]


async def test_without_its_socks_server_an_anonymous_session_reaches_nobody(socks, tmp_path):
    async with http_tracker() as web, udp_tracker() as udp:
        with Seeder(tmp_path / "seeder") as seeder:
            torrent = seeder.seed_new(b"x" * 1000)
            session = await open_session(1, anonymous_settings(QUIET, 1, "127.0.0.1", socks.port))
            await socks.associated()
            await socks.close()
            handle = session.raw.add_torrent(parameters(torrent, tmp_path / "saved", [web.url, udp.url]))
            handle.connect_peer((seeder.host, seeder.port))
            await wait_for(lambda: all(one["fails"] for one in handle.trackers()), what="the trackers to be given up")
            received = handle.status().total_download
            await session.close()

    assert (received, web.visitors, udp.visitors) == (0, [], [])


async def test_the_window_for_tcp_leaves_an_anonymous_session_with_utp(socks):
    sessions = [
        await open_session(0, plain_settings(QUIET)),
        await open_session(1, anonymous_settings(QUIET, 1, "127.0.0.1", socks.port)),
    ]
    for session in sessions:
        session.prefer_tcp()
    found = [session.raw.get_settings() for session in sessions]
    for session in sessions:
        await session.close()

    assert [one["enable_outgoing_utp"] for one in found] == [False, True]
    assert not found[1]["enable_outgoing_tcp"]
