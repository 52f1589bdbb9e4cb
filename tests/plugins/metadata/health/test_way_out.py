"""Nobody is asked past what the user wants of the engine."""

import asyncio
import gc
import warnings
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint

import pytest

from tests.carrier import CARRIER
from tests.carrier.plugin import Carrier
from tests.plugins.metadata.health.conftest import raw_http_server
from tests.trackers import bencode, http_tracker, udp_tracker
from triblerd.services import PluginDirectory
from triblerd.tasks import Tasks
from triblerd_libtorrent.api import SessionRegistry, TunnelState
from triblerd_metadata.health.outgoing import Names
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.values import NoAnswerError
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


async def no_name(name):
    pytest.fail(f"somebody here looks for {name}")


@pytest.fixture
def by_tunnels(start):
    """Run a daemon whose downloads have a hop by default, with tunnels; yield it with the way out and its server."""

    @asynccontextmanager
    async def run():
        async with start("carrier", extra_plugins=[CARRIER], download_defaults={"number_hops": 1}) as (daemon, way_out):
            way_out._names.address = no_name
            yield daemon.daemon.container.services().find(Carrier), way_out

    return run


async def test_through_tunnels_trackers_see_the_exit_and_find_their_names_there(by_tunnels):
    async with udp_tracker() as udp, http_tracker() as web, by_tunnels() as (carrier, way_out):
        assert await way_out.open() is None  # nobody has asked for tunnels yet
        way = await way_out.open(patience_seconds=10)
        carrier.servers[1].names["tracker.test"] = "127.0.0.1"
        udp_url = udp.url.removesuffix("/announce")

        for url in (
            udp_url,
            udp_url.replace("127.0.0.1", "tracker.test"),
            web.url.replace("127.0.0.1", "tracker.test"),
        ):
            assert await way.scrapes.ask(url, HASH, limit_seconds=5) == (3, 2)

        assert {address for address, _ in udp.visitors + web.visitors} == {carrier.servers[1].exit}
        assert {name for _, name in web.visitors} == {"curl/7.81.0"}
        assert await way_out.is_anonymous()
        with pytest.raises(NoAnswerError, match="not asked through tunnels"):
            await way_out.scrape_dht(way, HASH)


async def test_tunnels_that_end_are_the_end_of_the_way(by_tunnels):
    async with udp_tracker() as tracker, by_tunnels() as (carrier, way_out):
        way = await way_out.open(patience_seconds=10)
        await carrier.close()

        assert await way_out.open() is None
        with pytest.raises(NoAnswerError, match="closed"):
            await way.scrapes.ask(tracker.url.removesuffix("/announce"), HASH, limit_seconds=5)
    assert tracker.visitors == []


@pytest.mark.parametrize("state", [TunnelState.NO_EXITS, TunnelState.NO_CIRCUITS])
async def test_nobody_is_asked_while_there_are_no_circuits(by_tunnels, state):
    async with by_tunnels() as (carrier, way_out):
        carrier.states[1] = state

        assert await way_out.open(patience_seconds=0.3) is None
        assert not await way_out.is_anonymous()


async def test_who_waits_for_circuits_keeps_nobody_else_waiting(by_tunnels):
    async with by_tunnels() as (carrier, way_out):
        carrier.states[1] = TunnelState.NO_CIRCUITS
        waiting = asyncio.create_task(way_out.open(patience_seconds=3600))
        await asyncio.sleep(0)

        assert await way_out.open() is None
        assert not waiting.done()

        carrier.states[1] = TunnelState.READY
        assert await waiting is not None


async def test_who_is_interrupted_while_it_opens_leaves_nothing_open(start):
    async with start() as (_, way_out):
        for turns in range(30):
            opening = asyncio.create_task(way_out.open())
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            await way_out.close()

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gc.collect()

    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


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
