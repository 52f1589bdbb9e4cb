"""Sessions with hops: how they are made, and when they take torrents."""

import asyncio

import libtorrent as lt
import pytest

from tests.plugins.libtorrent.conftest import QUIET
from triblerd.testing import wait_for
from triblerd_libtorrent.api import NoSessionError, SessionClosed, SessionOpened
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.settings_pack import anonymous_settings
from triblerd_libtorrent.testing import make_torrent

SOCKS = {"socks_host": "127.0.0.1", "socks_port": 9}  # where nobody listens
LOUD = LibtorrentConfig(lsd=True, upnp=True, natpmp=True, dht=True, utp=False, proxy_type=5, proxy_server="127.0.0.1:8")


@pytest.mark.parametrize("config", [QUIET, LOUD])
def test_whatever_is_configured_everything_goes_by_the_socks_server(config):
    settings = anonymous_settings(config, 1, "127.0.0.1", 4711)

    expected = {
        "proxy_type": 2,
        "proxy_hostname": "127.0.0.1",
        "proxy_port": 4711,
        "proxy_hostnames": True,
        "proxy_peer_connections": True,
        "proxy_tracker_connections": True,
        "force_proxy": True,
        "anonymous_mode": True,
        "enable_outgoing_tcp": False,
        "enable_incoming_tcp": False,
        "enable_outgoing_utp": True,
        "enable_incoming_utp": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "outgoing_port": 0,
        "num_outgoing_ports": 1,
        "user_agent": "",
        "webtorrent_stun_server": "",
    }
    assert {name: settings.get(name) for name in expected} == expected
    assert "peer_fingerprint" not in settings
    assert not set(settings["dht_bootstrap_nodes"]) - set("0123456789.:,")  # names would be resolved past the proxy


async def test_an_anonymous_download_needs_a_session_for_it(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)

    async with start_engine() as bench:
        with pytest.raises(NoSessionError, match="need the tunnels plugin"):
            await bench.engine.add(bench.wish(torrent, hops=1))
        refused = await bench.engine.add_many([bench.wish(torrent, hops=1)])

        assert type(refused[torrent.infohash]) is NoSessionError
        assert not bench.engine.has(torrent.infohash)


async def test_a_session_that_is_closed_takes_its_torrents_along(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)

    async with start_engine() as bench:
        opened: list[SessionOpened] = []
        closed: list[tuple[SessionClosed, bool]] = []
        bench.engine.listen(SessionOpened, opened.append)
        bench.engine.listen(SessionClosed, lambda event: closed.append((event, bench.engine.has(torrent.infohash))))
        await bench.engine.anonymous.open_session(1, **SOCKS)
        await bench.engine.add(bench.wish(torrent, hops=1))
        assert (bench.engine.sessions(), list(bench.engine.torrents_of(1))) == ([0, 1], [torrent.infohash])
        assert await wait_for(lambda: bench.engine.sites.udp_port(1))
        await bench.engine.anonymous.close_session(1)

        assert (opened, closed) == ([SessionOpened(1)], [(SessionClosed(1), False)])
        assert (bench.engine.sessions(), bench.engine.torrents_of(1), bench.engine.sites.udp_port(1)) == ([0], {}, 0)
        assert bench.stored.resume_data(torrent.infohash)


async def test_a_session_takes_torrents_only_when_it_is_associated(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    associated = asyncio.Event()

    async def wait():
        await associated.wait()

    async with start_engine() as bench:
        opening = asyncio.create_task(bench.engine.anonymous.open_session(1, **SOCKS, associated=wait))
        await asyncio.sleep(0)
        with pytest.raises(NoSessionError):
            await bench.engine.add(bench.wish(torrent, hops=1))
        associated.set()
        await opening

        await bench.engine.add(bench.wish(torrent, hops=1))


async def test_a_session_that_cannot_be_associated_is_none(start_engine):
    async def fail():
        raise TimeoutError

    async with start_engine() as bench:
        with pytest.raises(TimeoutError):
            await bench.engine.anonymous.open_session(1, **SOCKS, associated=fail)

        assert bench.engine.sessions() == [0]
        await bench.engine.anonymous.open_session(1, **SOCKS)


async def test_a_torrent_on_its_way_to_a_session_that_ends_is_refused_at_once(start_engine, tmp_path):
    torrents = [make_torrent(tmp_path, b"%d" % number, name=f"{number}") for number in range(20)]

    async with start_engine() as bench:
        await bench.engine.anonymous.open_session(1, **SOCKS)
        adding = [asyncio.ensure_future(bench.engine.add(bench.wish(each, hops=1))) for each in torrents]
        await asyncio.sleep(0)
        await bench.engine.anonymous.close_session(1)
        results = await asyncio.gather(*adding, return_exceptions=True)

        assert not bench.engine.torrents_of(1)
        assert {type(one) for one in results if isinstance(one, Exception)} == {NoSessionError}


async def test_bans_do_not_hold_where_addresses_name_circuits(start_engine):
    async with start_engine() as bench:
        await bench.engine.anonymous.open_session(1, **SOCKS)
        await bench.bans.ban("0.0.0.0/0")

        filters = [bench.engine.sites[hops].session.raw.get_ip_filter() for hops in (0, 1)]
        assert [each.access("198.51.100.7") for each in filters] == [1, 0]


@pytest.mark.parametrize(("port", "is_named"), [(1024, False), (6881, True)])
async def test_a_peer_that_is_a_circuit_is_not_named_to_others(start_engine, tmp_path, port, is_named):
    torrent = make_torrent(tmp_path, b"x" * 100)

    async with start_engine() as bench:
        await bench.engine.anonymous.open_session(1, **SOCKS)
        await bench.engine.add(bench.wish(torrent, hops=1))
        bench.swarm.connect_peer(torrent.infohash, "198.51.100.7", port)

        flags = bench.engine.torrents.get(torrent.infohash).handle.flags()
        assert bool(flags & lt.torrent_flags.disable_pex) is not is_named


async def test_peers_that_were_circuits_are_not_met_without_hops(start_engine, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    params = lt.load_torrent_buffer(torrent.metainfo)
    params.peers = [("198.51.100.7", 1024), ("198.51.100.8", 6881)]

    async with start_engine() as bench:
        await bench.keep(torrent)
        data = lt.write_resume_data_buf(params)
        await bench.store.write(lambda transaction: bench.stored.keep_resume_data(transaction, torrent.infohash, data))

        built = bench.engine._builder.build(bench.wish(torrent, source=None, is_paused=True))

        assert built.params.peers == [("198.51.100.8", 6881)]
