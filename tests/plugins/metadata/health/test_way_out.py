"""Nobody is asked past what the user wants of the engine."""

from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint

import pytest

from tests.plugins.metadata.health.conftest import raw_http_server
from tests.trackers import bencode, udp_tracker
from triblerd.services import PluginDirectory
from triblerd.tasks import Tasks
from triblerd_libtorrent.api import SessionRegistry
from triblerd_metadata.health.outgoing import Names
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.way_out import WayOut

HASH = bytes(20)
TUNNELS = EntryPoint("tunnels", "tests.plugins.createtorrent.tunnels", "triblerd")


@pytest.fixture
def start(start_daemon):
    """Run a daemon; yield it with the way out of its surroundings."""

    @asynccontextmanager
    async def start(*plugins, extra_plugins=(), **config):
        async with start_daemon("downloads", *plugins, config=config, extra_plugins=extra_plugins) as daemon:
            services = daemon.daemon.container.services()
            tasks = Tasks("test", lambda _name, error: pytest.fail(str(error)))
            way_out = WayOut(
                services=services,
                plugins=services.find(PluginDirectory),
                book=TrackerBook(),
                names=Names(),
                refuses=lambda _: False,
                spawn=tasks.start,
            )
            yield daemon, way_out
            await way_out.close()
            await tasks.close()

    return start


async def open_tunnels(daemon):
    await daemon.daemon.container.services().find(SessionRegistry).open_session(1, socks_host="127.0.0.1", socks_port=9)


async def test_without_tunnels_and_proxies_trackers_are_asked(start):
    async with udp_tracker() as tracker, start() as (_, way_out):
        way = await way_out.open()

        url = tracker.url.removesuffix("/announce")
        assert await way.scrapes.ask(url, HASH, limit_seconds=5) == (3, 2)
        assert await way_out.open() is way


async def test_where_downloads_go_by_tunnels_nobody_is_asked_without(start):
    async with start(download_defaults={"number_hops": 1}) as (daemon, way_out):
        assert await way_out.open() is not None

        await open_tunnels(daemon)

        assert await way_out.open() is None


async def test_tunnels_that_are_wanted_but_not_up_keep_everybody_from_being_asked(start):
    async with start("tunnels", extra_plugins=[TUNNELS]) as (daemon, way_out):
        assert await way_out.open() is None

        await daemon.patch("/plugins/tunnels", json={"enabled": False})

        assert await way_out.open() is not None


async def test_tunnels_that_downloads_do_not_use_by_default_forbid_nothing(start):
    async with start(download_defaults={"anonymity_enabled": False}) as (daemon, way_out):
        await open_tunnels(daemon)

        assert await way_out.open() is not None


@pytest.mark.parametrize("proxy_type", [1, 2, 4])
async def test_nobody_is_asked_past_the_users_proxy(start, proxy_type):
    proxy = {"proxy_type": proxy_type, "proxy_server": "127.0.0.1:9"}
    async with start(libtorrent=proxy) as (_, way_out):
        assert await way_out.open() is None


async def test_a_proxy_that_is_set_meanwhile_closes_the_way(start):
    async with udp_tracker() as tracker, start() as (daemon, way_out):
        way = await way_out.open()
        proxy = {"proxy_type": 2, "proxy_server": "127.0.0.1:9"}
        await daemon.daemon.container.configuration().change({"libtorrent": proxy})

        assert await way_out.open() is None
        with pytest.raises(Exception, match="closed"):
            await way.scrapes.ask(tracker.url.removesuffix("/announce"), HASH, limit_seconds=5)


async def test_trackers_see_the_address_that_peers_see(start):
    seen = []

    async def answer(writer):
        seen.append(writer.get_extra_info("peername")[0])
        body = bencode({b"files": {}})
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with raw_http_server(answer) as (url, _), start(libtorrent={"listen_interface": "127.0.0.9"}) as (_, way_out):
        way = await way_out.open()
        await way.scrapes.ask(url, HASH, limit_seconds=5)

    assert seen == ["127.0.0.9"]


@pytest.mark.parametrize("interface", ["192.0.2.1", "nosuch0", "::1"])
async def test_an_address_or_device_that_is_not_there_is_no_way(start, interface):
    async with start(libtorrent={"listen_interface": interface}) as (_, way_out):
        assert await way_out.open() is None
