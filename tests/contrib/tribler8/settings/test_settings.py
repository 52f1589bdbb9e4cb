"""All settings of version 8: each has its type and its default, and one that is changed is changed."""

from typing import Any

import pytest

from tests.contrib.tribler8.clients import sonarr
from triblerd_downloads.config import default_destination

UNLIMITED = "[" + ",".join(["[null,null]"] * 48) + "]"
ON = ("content_discovery_community", "database", "dht_discovery", "recommender", "rendezvous", "rss")
DEFAULTS: dict[str, object] = {
    "memory_db": False,
    "statistics": False,
    "start_minimized": False,
    "tray_icon_color": "",
    "headless": True,
    **{name: {"enabled": True} for name in ON},
    "rss": {"enabled": True, "urls": []},
    "torrent_checker": {"enabled": True},
    "tunnel_community": {"enabled": True, "min_circuits": 3, "max_circuits": 10},
    "versioning": {"enabled": True, "allow_pre": False},
    "watch_folder": {"enabled": False, "directory": "", "check_interval": 10},
    "ui": {},
}
LIBTORRENT: dict[str, object] = {
    "socks_listen_ports": [0, 0, 0, 0, 0],
    "listen_interface": "0.0.0.0",
    "port": 0,
    "proxy_type": 0,
    "proxy_server": "",
    "proxy_auth": "",
    "max_connections_download": -1,
    "max_download_rate": 0,
    "max_upload_rate": 0,
    "use_advanced_rate_limits": False,
    "advanced_rate_limits": dict.fromkeys(("-1", "0", "1", "2"), UNLIMITED),
    **dict.fromkeys(("utp", "dht", "upnp", "natpmp", "lsd"), True),
    "dht_readiness_timeout": 30,
    "announce_to_all_tiers": False,
    "announce_to_all_trackers": False,
    "max_concurrent_http_announces": 50,
    "check_after_complete": False,
    "active_downloads": 3,
    "active_seeds": 5,
    "active_checking": 1,
    "active_dht_limit": 88,
    "active_tracker_limit": 1600,
    "active_lsd_limit": 60,
    "active_limit": 500,
    "ask_download_settings": False,
    "clear_orphaned_parts": False,
    "allow_mmap": True,
}
DOWNLOAD_DEFAULTS: dict[str, object] = {
    "anonymity_enabled": True,
    "number_hops": 1,
    "safeseeding_enabled": True,
    "completed_dir": "",
    "seeding_mode": "forever",
    "seeding_ratio": 2,
    "seeding_time": 60,
    "channel_download": False,
    "add_download_to_channel": False,
    "trackers_file": "",
    "torrent_folder": "",
    "auto_managed": False,
}
WRONG: list[tuple[dict[str, object], str]] = [
    ({"libtorrent": {"port": "many"}}, "libtorrent/port: expected int | null, got str"),
    ({"libtorrent": {"port": 70000}}, "libtorrent/port: expected int <= 65535"),
    ({"libtorrent": {"port": False}}, "libtorrent/port: expected int | null, got bool"),
    ({"libtorrent": {"max_download_rate": -1}}, "libtorrent/max_download_rate: expected int >= 0"),
    ({"libtorrent": {"max_download_rate": None}}, "libtorrent/max_download_rate: expected a value, got null"),
    ({"libtorrent": {"prot": 1}}, "Unknown setting: libtorrent/prot"),
    ({"libtorrent": {"download_defaults": 5}}, "libtorrent/download_defaults: expected an object with settings"),
    ({"libtorrent": {"download_defaults": {"saveas": None}}}, "libtorrent/download_defaults/saveas: expected a value"),
    ({"libtorrent": {"download_defaults": {"hops": 1}}}, "Unknown setting: libtorrent/download_defaults/hops"),
    ({"libtorrent": {"download_defaults": {"seeding_mode": "often"}}}, "libtorrent/download_defaults/seeding_mode: "),
    (
        {"libtorrent": {"advanced_rate_limits": {"0": "[[1,2]]"}}},
        "libtorrent/advanced_rate_limits/0: expected the JSON",
    ),
    ({"libtorrent": {"advanced_rate_limits": {"0": [[1, 2]]}}}, "libtorrent/advanced_rate_limits/0: expected the JSON"),
    ({"libtorrent": {"advanced_rate_limits": {"7": UNLIMITED}}}, "Unknown setting: libtorrent/advanced_rate_limits/7"),
    ({"libtorrent": {"advanced_rate_limits": "[]"}}, "libtorrent/advanced_rate_limits: expected an object"),
    ({"libtorrent": {"socks_listen_ports": [1, 70000]}}, "libtorrent/socks_listen_ports: expected int <= 65535"),
    ({"libtorrent": 5}, "libtorrent: expected an object with settings"),
    ({"libtorrent": None}, "libtorrent: expected an object with settings"),
    ({"libtorrent": []}, "libtorrent: expected an object with settings"),
    ({"statistics": {}}, "statistics: expected bool, got object"),
    ({"memory_db": "perhaps"}, "memory_db: expected bool, got str"),
    ({"memory_db": None}, "memory_db: expected a value, got null"),
    ({"tray_icon_color": 5}, "tray_icon_color: expected str, got int"),
    ({"torrent_checker": {"enabled": 7}}, "torrent_checker/enabled: expected bool"),
    ({"dht_discovery": {"enabled": {"a": 1}}}, "dht_discovery/enabled: expected bool, got object"),
    ({"versioning": {"enabled": []}}, "versioning/enabled: expected bool, got array"),
    ({"watch_folder": {"check_interval": 0}}, "watch_folder/check_interval: expected float >= 0.1"),
    ({"api": {"http_port": 70000}}, "api/http_port: expected int <= 65535"),
    ({"api": {"https_port": {}}}, "api/https_port: expected int, got object"),
    ({"api": {"keys": {}}}, "Unknown setting: api/keys"),
    ({"ipv8": {"interfaces": []}}, "ipv8/interfaces: expected UDPIPv4 as the first interface"),
    ({"ipv8": {"interfaces": [{"interface": "UDPIPv6", "ip": "::", "port": 1}]}}, "ipv8/interfaces: expected UDPIPv4"),
    ({"ipv8": {"interfaces": [{"interface": "UDPIPv4", "port": 1}]}}, "ipv8/interfaces: object missing required field"),
    ({"ipv8": {"interfaces": {}}}, "ipv8/interfaces: expected array, got object"),
    ({"ipv8": {"keys": ["key"]}}, "ipv8/keys: expected object, got str"),
    ({"ipv8": {"walker_interval": 0}}, "ipv8/walker_interval: expected float > 0"),
    ({"ipv8": {"logger": "INFO"}}, "ipv8/logger: expected an object with settings"),
    ({"general": {"testnet": True}}, "Unknown section: general"),
    ({"downlaods": {}}, "Unknown section: downlaods"),
    ({"ui": "dark"}, "ui: expected an object"),
    ({"ui": None}, "ui: expected a value, got null"),
]


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("tribler8", "settings", config={"rss": {"enabled": True}}) as daemon:
        yield daemon


async def test_each_setting_stands_there_with_its_default(daemon):
    answer = await daemon.get("/api/settings")

    settings = answer["settings"]
    assert answer.keys() == {"settings"}
    assert settings == {**settings, **DEFAULTS}
    defaults = settings["libtorrent"].pop("download_defaults")
    assert defaults == {"saveas": default_destination(), **DOWNLOAD_DEFAULTS}
    assert settings["libtorrent"] == LIBTORRENT
    assert settings["state_dir"] == settings["ipv8"]["working_directory"] == str(daemon.state_dir)
    assert settings["api"]["key"] == daemon.key
    assert (settings["api"]["http_port"], settings["api"]["http_port_running"]) == (0, daemon.port)
    assert settings["ipv8"]["interfaces"] == [{"interface": "UDPIPv4", "ip": "0.0.0.0", "port": 7759}]
    assert [key["alias"] for key in settings["ipv8"]["keys"]] == ["anonymous id", "secondary"]
    assert settings["ipv8"]["logger"] == {"level": "INFO"}
    assert settings["ipv8"]["walker_interval"] == 0.5


async def test_a_whole_number_is_an_integer_so_that_typed_clients_can_read_it(daemon):
    await daemon.post("/settings", json={"download_defaults": {"seeding_ratio": 1.5, "seeding_mode": "ratio"}})

    answer = await daemon.get("/api/settings")

    read: Any = sonarr.settings(answer)
    assert answer["settings"]["watch_folder"]["check_interval"] == 10
    assert read["settings"]["libtorrent"]["download_defaults"]["seeding_mode"] == "ratio"
    assert read["settings"]["libtorrent"]["download_defaults"]["seeding_ratio"] == 1.5


async def test_a_client_may_post_the_whole_answer_back(daemon):
    before = await daemon.get("/api/settings")
    file = (daemon.state_dir / "triblerd.conf").read_text()

    assert await daemon.post("/api/settings", json=before["settings"]) == {"modified": True}

    assert await daemon.get("/api/settings") == before
    assert (daemon.state_dir / "triblerd.conf").read_text() == file


async def test_a_wrong_change_is_refused_as_a_whole(daemon):
    before = await daemon.get("/api/settings")

    for body, reason in WRONG:
        alright = {"start_minimized": True, "torrent_checker": {"enabled": False}, "ui": {"theme": "dark"}}
        mixed = {**alright, **body}
        error = (await daemon.post("/api/settings", json=mixed, status=400))["error"]

        assert error["handled"] is True
        assert error["message"].startswith(reason), error
    assert await daemon.get("/api/settings") == before


async def test_a_body_that_is_no_object_is_bad_json(daemon):
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"1", b"\xff", b'{"a": NaN}', b"[" * 100_000):
        answer = await daemon.post("/api/settings", data=body, status=400)

        assert answer == {"error": {"handled": True, "message": "Bad JSON"}}


async def test_a_lesser_key_neither_sees_nor_changes_them(start_daemon):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "write"}}}}
    async with start_daemon("tribler8", config=config) as daemon:
        daemon.key = "guest-key"

        await daemon.get("/api/settings", status=403)
        await daemon.post("/api/settings", json={}, status=403)


async def test_what_only_the_daemon_knows_is_ignored(daemon):
    before = await daemon.get("/api/settings")
    body = {"headless": False, "state_dir": "/elsewhere", "api": {"http_port_running": 1, "https_port_running": "x"}}

    assert await daemon.post("/api/settings", json=body) == {"modified": True}

    assert await daemon.get("/api/settings") == before


async def test_what_nothing_makes_use_of_is_kept_over_a_restart(start_daemon):
    kept = {
        "memory_db": True,
        "tray_icon_color": "#123456",
        "recommender": {"enabled": False},
        "ipv8": {"logger": {"level": "DEBUG"}, "overlays": [], "working_directory": "/srv"},
        "libtorrent": {"allow_mmap": False},
    }
    async with start_daemon("tribler8") as daemon:
        assert await daemon.post("/api/settings", json=kept) == {"modified": True}

    async with start_daemon("tribler8") as daemon:
        settings = (await daemon.get("/api/settings"))["settings"]

    assert (settings["memory_db"], settings["tray_icon_color"]) == (True, "#123456")
    assert settings["recommender"] == {"enabled": False}
    assert settings["ipv8"]["logger"] == {"level": "DEBUG"}
    assert (settings["ipv8"]["overlays"], settings["ipv8"]["working_directory"]) == ([], "/srv")
    assert settings["libtorrent"]["allow_mmap"] is False


async def test_what_is_below_ui_belongs_to_clients(daemon):
    await daemon.post(
        "/api/settings", json={"ui": {"theme": "dark", "columns": '{"a": 1}', "deep": {"a": 1, "b": [1]}}}
    )
    await daemon.post("/api/settings", json={"ui": {"lang": None, "deep": {"b": [2.5], "c": {}}, "columns": {"x": 1}}})

    ui = (await daemon.get("/api/settings"))["settings"]["ui"]

    assert ui == {"theme": "dark", "lang": None, "columns": {"x": 1}, "deep": {"a": 1, "b": [2.5], "c": {}}}


async def test_so_much_is_kept_and_no_more(daemon):
    body = b'{"ui": {"columns": "%s"}}'

    await daemon.post("/api/settings", data=body % (b"x" * 500_000))
    answer = await daemon.post("/api/settings", data=body % (b"x" * (1 << 20)), status=400)

    assert answer["error"]["message"] == "ui: no more than 1048576 bytes are kept for clients"
    assert len((await daemon.get("/api/settings"))["settings"]["ui"]["columns"]) == 500_000


async def test_what_is_nested_too_deeply_is_refused(daemon):
    body = b'{"ui": ' + b'{"a": ' * 40 + b"1" + b"}" * 41

    answer = await daemon.post("/api/settings", data=body, status=400)

    assert answer["error"]["message"].startswith("Expected no more than 32 levels")
