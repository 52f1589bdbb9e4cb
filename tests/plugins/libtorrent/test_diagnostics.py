"""``/libtorrent/settings`` and ``/libtorrent/session``: the engine's own names, of each session."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from triblerd_libtorrent.api import SessionRegistry

KINDS = {str: "text", bool: "flag", int: "number"}
FOLDER = Path(__file__).parent
ROUTES = ("settings", "session")


@pytest.fixture
def start(start_daemon):
    """Run a daemon with a session of one hop beside the plain one."""

    @asynccontextmanager
    async def run(**settings):
        async with start_daemon("libtorrent", config={"libtorrent": settings}) as daemon:
            registry = daemon.daemon.container.services().find(SessionRegistry)
            await registry.open_session(1, socks_host="127.0.0.1", socks_port=4711)
            yield daemon, registry

    return run


async def test_every_setting_has_the_name_and_the_kind_that_clients_know(start):
    known = dict(line.split() for line in (FOLDER / "setting_names.txt").read_text().splitlines())
    async with start() as (daemon, _):
        shown = (await daemon.get("/libtorrent/settings"))["settings"]

    assert {name: KINDS[type(shown[name])] for name in known} == known


async def test_every_counter_has_the_name_that_clients_know(start):
    known = set((FOLDER / "counter_names.txt").read_text().split())
    async with start() as (daemon, _):
        shown = (await daemon.get("/libtorrent/session"))["session"]

    assert shown.keys() >= known
    assert all(type(value) is int for value in shown.values())


async def test_an_anonymous_session_is_told_apart_by_its_settings(start):
    async with start() as (daemon, _):
        plain = (await daemon.get("/libtorrent/settings?hop=0"))["settings"]
        answer = await daemon.get("/libtorrent/settings?hop=1")

    hidden = {
        "anonymous_mode": True,
        "force_proxy": True,
        "proxy_type": 2,
        "proxy_hostname": "127.0.0.1",
        "proxy_port": 4711,
        "enable_outgoing_tcp": False,
        "enable_incoming_tcp": False,
        "prefer_rc4": False,
        "listen_interfaces": "0.0.0.0:6881,[::]:6881",
        "handshake_client_version": "",
    }
    assert answer["hop"] == 1
    assert {name: answer["settings"].get(name) for name in hidden} == hidden
    assert "triblerd" not in answer["settings"]["user_agent"]
    assert not plain["anonymous_mode"]


async def test_the_fingerprint_of_the_plain_session_is_hex_and_that_of_others_is_text(start):
    async with start() as (daemon, _):
        plain = (await daemon.get("/libtorrent/settings"))["settings"]["peer_fingerprint"]
        other = (await daemon.get("/libtorrent/settings?hop=1"))["settings"]["peer_fingerprint"]

    assert len(plain) == 16
    assert bytes.fromhex(plain).decode().startswith("-TL")
    assert other.startswith("-LT")  # which every program has that takes the engine as it is


async def test_a_password_is_shown_by_stars_and_its_absence_by_nothing(start):
    proxy = {"proxy_type": 5, "proxy_server": "127.0.0.1:9", "proxy_auth": "me:secret"}
    async with start(**proxy) as (daemon, _):
        answer = await daemon.request("GET", "/libtorrent/settings")
        other = await daemon.get("/libtorrent/settings?hop=1")

    assert answer.json()["settings"]["proxy_password"] == "***"
    assert b"secret" not in answer.body
    assert other["settings"]["proxy_password"] == ""


async def test_sessions_that_are_asked_at_the_same_time_are_not_mixed_up(start):
    async with start() as (daemon, _):
        answers = await asyncio.gather(
            *(daemon.get(f"/libtorrent/{route}?hop={hop}") for route in ROUTES for hop in (0, 1, 0, 1, 2, -1))
        )

    assert [answer["hop"] for answer in answers] == [0, 1, 0, 1, 2, -1] * 2
    found = [bool(answer.get("settings") or answer.get("session")) for answer in answers]
    assert found == [True, True, True, True, False, False] * 2


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("query", "hop"), [("", 0), ("?hop=", 0), ("?hop=0", 0), ("?hop=4", 4), (f"?hop={10**30}", 10**30)]
)
async def test_the_hop_is_echoed_and_zero_when_it_is_not_given(start, route, query, hop):
    async with start() as (daemon, _):
        answer = await daemon.get(f"/libtorrent/{route}{query}")

    assert answer["hop"] == hop
    assert bool(answer[route]) is (hop == 0)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("hop", ["x", "1.0", "1,2", "0x1", "null", "%20", "9" * 5000])
async def test_a_hop_that_is_no_integer_is_refused(start, route, hop):
    async with start() as (daemon, _):
        answer = await daemon.call("GET", f"/libtorrent/{route}?hop={hop}", status=400)

    assert answer == {"error": "hop must be an integer"}


@pytest.mark.parametrize("route", ROUTES)
async def test_head_answers_without_a_body(start, route):
    async with start() as (daemon, _):
        answer = await daemon.request("HEAD", f"/libtorrent/{route}")

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


async def test_a_session_that_ends_while_it_is_asked_is_empty(start):
    async with start() as (daemon, registry):
        asked = asyncio.gather(*(daemon.get("/libtorrent/session?hop=1") for _ in range(20)))
        await asyncio.sleep(0)
        await registry.close_session(1)

        assert all(answer["hop"] == 1 for answer in await asked)
        assert await daemon.get("/libtorrent/session?hop=1") == {"hop": 1, "session": {}}
        assert await daemon.get("/libtorrent/settings?hop=1") == {"hop": 1, "settings": {}}
