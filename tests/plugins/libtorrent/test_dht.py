"""The DHT between two sessions on 127.0.0.1, which have no bootstrap nodes and are told of nobody else."""

from contextlib import asynccontextmanager

import libtorrent as lt
import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_libtorrent.dht import DhtMemory, known_nodes
from triblerd_libtorrent.session import open_session

LOCAL = {
    "listen_interfaces": "127.0.0.1:0",
    "enable_dht": True,
    "dht_bootstrap_nodes": "",
    "dht_restrict_routing_ips": False,  # by default, one address is one node
    "dht_ignore_dark_internet": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "webtorrent_stun_server": "",
}


@pytest.fixture
async def view(tmp_path):
    """Offer the store."""
    async with Store(tmp_path / "store", StoreConfig(backup_interval=0)) as store:
        yield store.view("libtorrent")


@pytest.fixture
def memory(view):
    """Offer what outlives the sessions."""
    return DhtMemory(view)


@asynccontextmanager
async def node(state=None, **settings):
    """Run a session with these settings."""
    session = await open_session(0, {**LOCAL, **settings}, state)  # type: ignore[typeddict-item]
    try:
        yield session.raw
    finally:
        await session.close()


def dht_of(session):
    params = session.session_state(lt.save_state_flags_t.save_dht_state)
    return lt.write_session_params(params, lt.save_state_flags_t.save_dht_state)[b"dht state"]


async def neighbours(session):
    return await wait_for(lambda: dht_of(session).get(b"nodes"), what="a neighbour")


async def kept(memory, session, other):
    """Make two nodes meet, keep what one knows, and return that."""
    session.add_dht_node(("127.0.0.1", other.listen_port()))
    await neighbours(session)
    await memory.keep(session)
    return dht_of(session)


async def test_a_session_takes_up_its_place_in_the_dht_again(memory):
    async with node() as other:
        async with node() as first:
            before = await kept(memory, first, other)
        async with node(await memory.recall()) as second:
            assert await neighbours(second) == before[b"nodes"]
            assert dht_of(second)[b"node-id"] == before[b"node-id"]


async def test_without_what_was_kept_a_session_is_somebody_else_and_alone(memory):
    async with node() as other:
        async with node() as first:
            before = await kept(memory, first, other)
        async with node() as second:
            await wait_for(lambda: dht_of(second)[b"node-id"], what="its own place")
            assert dht_of(second)[b"node-id"] != before[b"node-id"]
            assert b"nodes" not in dht_of(second)


async def test_what_was_kept_waits_for_the_dht_to_be_switched_on(memory):
    async with node() as other:
        async with node() as first:
            before = await kept(memory, first, other)
        async with node(await memory.recall(), enable_dht=False) as second:
            assert not second.get_settings()["enable_dht"]
            second.apply_settings({"enable_dht": True})
            assert await neighbours(second) == before[b"nodes"]


async def test_a_session_without_neighbours_forgets_nothing(memory):
    async with node() as other, node() as first:
        await kept(memory, first, other)
    known = await memory.recall()
    for settings in ({}, {"enable_dht": False}):
        async with node(**settings) as lonely:
            await memory.keep(lonely)

    assert known
    assert await memory.recall() == known


async def test_at_the_first_start_nothing_is_known(memory, caplog):
    assert await memory.recall() is None
    assert not caplog.records


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"rubbish",
        b"de",
        b"d9:dht statedee",
        b"d9:dht state3:abce",
        b"d9:dht stated7:node-idl3:abcee5:nodesl2:abee",
        b"d" * 1000,
        b"i5e",
    ],
)
async def test_damaged_state_is_ignored_with_a_word(memory, view, caplog, raw):
    await (await view.table("session", bytes)).put(b"dht", raw)

    assert await memory.recall() is None
    assert "cannot be used" in caplog.text


async def test_state_of_another_version_is_ignored_with_a_word(memory, view, caplog):
    await (await view.table("session", bytes, version=2)).put(b"dht", b"de")

    assert await memory.recall() is None
    assert "cannot be used" in caplog.text


async def test_an_engine_keeps_its_place_when_it_stops(start_engine):
    async with node() as other:
        async with start_engine() as bench:
            session = bench.engine._sites[0].session.raw
            session.apply_settings({key: value for key, value in LOCAL.items() if key.startswith("dht_")})
            session.apply_settings({"enable_dht": True})
            session.add_dht_node(("127.0.0.1", other.listen_port()))
            await neighbours(session)
            before = dht_of(session)
        async with start_engine() as bench:
            assert await DhtMemory(bench.store).recall() == before


async def test_a_session_names_its_neighbours(start_engine):
    async with node() as other, start_engine() as bench:
        session = bench.engine._sites[0].session
        session.apply({**session._settings, **{key: value for key, value in LOCAL.items() if key.startswith("dht_")}})
        assert await bench.engine.sites.dht_nodes(0) == ()  # its DHT is off
        session.apply({**session._settings, "enable_dht": True})
        session.raw.add_dht_node(("127.0.0.1", other.listen_port()))
        await neighbours(session.raw)

        assert await bench.engine.sites.dht_nodes(0) == [("127.0.0.1", other.listen_port())]
        assert await bench.engine.sites.dht_nodes(1) == ()


async def test_a_session_without_neighbours_names_the_nodes_that_it_begins_with():
    async with node(enable_dht=False, dht_bootstrap_nodes="a.example:1, 127.0.0.1:2,rubbish") as lonely:
        assert await known_nodes(lonely) == [("a.example", 1), ("127.0.0.1", 2)]
