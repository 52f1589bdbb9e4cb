import pytest

from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.settings_pack import plain_settings

QUIET = {"listen_interface": "127.0.0.1", "dht": False, "upnp": False, "natpmp": False, "lsd": False}


async def test_the_settings_of_a_session_are_shown(start_daemon):
    settings = {
        **QUIET,
        "max_download_rate": 4711,
        "proxy_type": 5,
        "proxy_server": "127.0.0.1:9",
        "proxy_auth": "me:x",
    }
    async with start_daemon("libtorrent", config={"libtorrent": settings}) as daemon:
        answer = await daemon.get("/libtorrent/settings")

    assert answer["hop"] == 0
    assert answer["settings"]["download_rate_limit"] == 4711
    assert answer["settings"]["proxy_password"] == "***"
    assert answer["settings"]["webtorrent_stun_server"] == ""
    assert bytes.fromhex(answer["settings"]["peer_fingerprint"]).startswith(b"-TL")


async def test_the_counters_of_a_session_are_shown(start_daemon):
    async with start_daemon("libtorrent", config={"libtorrent": QUIET}) as daemon:
        answer = await daemon.get("/libtorrent/session?hop=")

    assert answer["hop"] == 0
    assert answer["session"]["peer.num_peers_connected"] == 0
    assert all(isinstance(value, int) for value in answer["session"].values())


@pytest.mark.parametrize("key", ["max_connections_download", "active_downloads", "max_concurrent_http_announces"])
async def test_a_number_that_the_engine_cannot_hold_is_refused(start_daemon, key):
    async with start_daemon("libtorrent", "settings", config={"libtorrent": QUIET}) as daemon:
        answer = await daemon.call("POST", "/settings", json={"libtorrent": {key: 2**31}}, status=400)

    assert answer == {"error": f"libtorrent.{key}: expected int <= 2147483647"}


@pytest.mark.parametrize("server", ["10.0.0.1", "proxy:", ":1080", "proxy:x", "proxy:999999", "a b:1"])
async def test_a_proxy_that_would_not_be_used_is_refused(start_daemon, server):
    async with start_daemon("libtorrent", "settings", config={"libtorrent": QUIET}) as daemon:
        body = {"libtorrent": {"proxy_type": 2, "proxy_server": server}}

        answer = await daemon.call("POST", "/settings", json=body, status=400)

    assert answer["error"].startswith("libtorrent.proxy_server: ")


@pytest.mark.parametrize("server", [":", "", "proxy:1080", "[::1]:1080"])
async def test_a_proxy_or_none_is_taken(start_daemon, server):
    async with start_daemon("libtorrent", "settings", config={"libtorrent": QUIET}) as daemon:
        await daemon.post("/settings", json={"libtorrent": {"proxy_server": server}})


async def test_a_higher_rate_limit_than_the_engine_can_hold_is_capped(start_daemon):
    async with start_daemon("libtorrent", config={"libtorrent": {**QUIET, "max_upload_rate": 2**40}}) as daemon:
        answer = await daemon.get("/libtorrent/settings")

    assert answer["settings"]["upload_rate_limit"] == 2**31 - 1


@pytest.mark.parametrize("port", [None, -1, 0])
def test_the_port_may_be_left_to_the_system(port):
    assert plain_settings(LibtorrentConfig(port=port))["listen_interfaces"] == "0.0.0.0:0"


def test_an_ipv6_address_is_written_in_brackets():
    assert plain_settings(LibtorrentConfig(port=5, listen_interface="::1"))["listen_interfaces"] == "[::1]:5"


@pytest.mark.parametrize("server", [":", "", "host", "host:port"])
def test_without_an_address_there_is_no_proxy(server):
    assert plain_settings(LibtorrentConfig(proxy_type=2, proxy_server=server))["proxy_type"] == 0


async def test_changed_settings_hold_without_a_restart(start_daemon):
    async with start_daemon("libtorrent", "settings", config={"libtorrent": QUIET}) as daemon:
        before = await daemon.get("/libtorrent/settings")
        await daemon.post("/settings", json={"libtorrent": {"max_upload_rate": 815, "utp": False, "active_seeds": 7}})
        after = await daemon.get("/libtorrent/settings")

    changed = {key for key, value in after["settings"].items() if before["settings"][key] != value}
    assert changed == {"upload_rate_limit", "enable_incoming_utp", "enable_outgoing_utp", "active_seeds"}
