"""What is set through one of the two views is seen through the other."""

from typing import Any

import pytest

DAY = "[" + ",".join(["[1000,null]"] * 47 + ["[2048,4096]"]) + "]"
SAME = [
    ("libtorrent/port", 7000, "libtorrent.port", 7000),
    ("libtorrent/proxy_server", "127.0.0.1:1080", "libtorrent.proxy_server", "127.0.0.1:1080"),
    ("libtorrent/proxy_auth", "user:password", "libtorrent.proxy_auth", "user:password"),
    ("libtorrent/max_connections_download", 50, "libtorrent.max_connections_download", 50),
    ("libtorrent/max_download_rate", 1000, "libtorrent.max_download_rate", 1000),
    ("libtorrent/utp", False, "libtorrent.utp", False),
    ("libtorrent/dht_readiness_timeout", 5, "libtorrent.dht_readiness_timeout", 5),
    ("libtorrent/active_downloads", -1, "libtorrent.active_downloads", -1),
    ("libtorrent/listen_interface", "127.0.0.1", "libtorrent.listen_interface", "127.0.0.1"),
    ("libtorrent/download_defaults/saveas", "/srv/torrents", "download_defaults.saveas", "/srv/torrents"),
    ("libtorrent/download_defaults/seeding_time", 90, "download_defaults.seeding_time", 90.0),
    ("libtorrent/download_defaults/seeding_ratio", 1.5, "download_defaults.seeding_ratio", 1.5),
    ("libtorrent/download_defaults/number_hops", 2, "download_defaults.number_hops", 2),
    ("libtorrent/socks_listen_ports", [9001, 0, 9003, 0, 0], "tunnels.socks_listen_ports", [9001, 0, 9003, 0, 0]),
    ("libtorrent/check_after_complete", True, "downloads.check_after_complete", True),
    ("libtorrent/ask_download_settings", True, "tribler8.ask_download_settings", True),
    ("libtorrent/clear_orphaned_parts", True, "downloads.clear_orphaned_parts", True),
    ("watch_folder/directory", "/srv/watched", "watch_folder.directory", "/srv/watched"),
    ("watch_folder/check_interval", 30, "watch_folder.check_interval", 30.0),
    ("tunnel_community/enabled", False, "tunnel_community.enabled", False),
    ("tunnel_community/min_circuits", 1, "tunnel_community.min_circuits", 1),
    ("tunnel_community/max_circuits", 2, "tunnel_community.max_circuits", 2),
    ("torrent_checker/enabled", False, "torrent_checking.enabled", False),
    ("database/enabled", False, "chant.enabled", False),
    ("dht_discovery/enabled", False, "dht.enabled", False),
    ("rss/urls", ["http://127.0.0.1:9/feed"], "rss.urls", ["http://127.0.0.1:9/feed"]),
    ("statistics", True, "ipv8.statistics", True),
    ("ipv8/walker_interval", 2, "ipv8.walk_interval", 2.0),
    ("content_discovery_community/enabled", False, "content_discovery_community.enabled", False),
    ("versioning/allow_pre", True, "versioning.allow_pre", True),
    ("versioning/enabled", False, "general.version_checker_enabled", False),
    ("api/https_certfile", "server.pem", "api.https_certfile", "server.pem"),
    ("libtorrent/use_advanced_rate_limits", True, "libtorrent.use_advanced_rate_limits", True),
    (
        "libtorrent/advanced_rate_limits/1",
        DAY,
        "libtorrent.advanced_rate_limits",
        {"1": [[1000, 0]] * 47 + [[2048, 4096]]},
    ),
]


def nested(values):
    """Return values by path, parts of which may have slashes or dots between them, as objects within objects."""
    body: dict[str, Any] = {}
    for path, value in values:
        *sections, name = path.replace(".", "/").split("/")
        place = body
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return body


def found(settings, path):
    for name in path.split("/"):
        settings = settings[name]
    return settings


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("tribler8", "settings") as daemon:
        yield daemon


async def sevens(daemon):
    return (await daemon.get("/settings"))["settings"]


async def eights(daemon):
    return (await daemon.get("/api/settings"))["settings"]


async def test_a_change_by_the_newer_view_is_seen_by_the_older(daemon):
    body = nested((path, value) for path, value, _, _ in SAME)

    assert await daemon.post("/api/settings", json=body) == {"modified": True}

    settings = await sevens(daemon)
    assert [found(settings, name.replace(".", "/")) for _, _, name, _ in SAME] == [value for *_, value in SAME]


async def test_a_change_by_the_older_view_is_seen_by_the_newer(daemon):
    await daemon.post("/settings", json=nested((name, value) for _, _, name, value in SAME))

    settings = await eights(daemon)
    assert [found(settings, path) for path, *_ in SAME] == [value for _, value, _, _ in SAME]


async def test_what_leaves_the_choice_to_the_system_is_zero(daemon):
    await daemon.post("/settings", json={"libtorrent": {"port": -1}, "api": {"https_port": -1}})
    shown = await eights(daemon)
    await daemon.post("/api/settings", json={"libtorrent": {"port": 0}, "api": {"https_port": 0}})
    kept = await sevens(daemon)
    await daemon.post("/settings", json={"libtorrent": {"port": None}})

    assert (shown["libtorrent"]["port"], shown["api"]["https_port"]) == (0, 0)
    assert (kept["libtorrent"]["port"], kept["api"]["https_port"]) == (-1, -1)
    assert (await eights(daemon))["libtorrent"]["port"] == 0


async def test_no_proxy_is_a_colon_there_and_nothing_here(daemon):
    proxy = {"proxy_server": "127.0.0.1:1080", "proxy_auth": "user:password"}
    await daemon.post("/api/settings", json={"libtorrent": proxy})
    await daemon.post("/api/settings", json={"libtorrent": {"proxy_server": "", "proxy_auth": ":"}})

    older, newer = (await sevens(daemon))["libtorrent"], (await eights(daemon))["libtorrent"]
    assert (older["proxy_server"], older["proxy_auth"]) == (":", ":")
    assert (newer["proxy_server"], newer["proxy_auth"]) == ("", "")


async def test_the_first_interface_is_where_the_overlay_listens(daemon):
    first = {"interface": "UDPIPv4", "ip": "127.0.0.1", "port": 8090, "worker_threads": 2}
    other = {"interface": "UDPIPv6", "ip": "::", "port": 8091}
    await daemon.post("/api/settings", json={"ipv8": {"interfaces": [first, other]}})
    await daemon.post("/settings", json={"ipv8": {"port": 8092}})

    settings = await sevens(daemon)
    assert (settings["ipv8"]["address"], settings["ipv8"]["port"]) == ("127.0.0.1", 8092)
    assert (await eights(daemon))["ipv8"]["interfaces"] == [{**first, "port": 8092}, other]


async def test_the_other_limits_of_a_table_stay(daemon):
    await daemon.post("/api/settings", json={"libtorrent": {"advanced_rate_limits": {"0": DAY}}})
    await daemon.post("/api/settings", json={"libtorrent": {"advanced_rate_limits": {"1": DAY}}})

    limits = (await eights(daemon))["libtorrent"]["advanced_rate_limits"]
    assert (limits["0"], limits["1"]) == (DAY, DAY)
    assert limits["2"].startswith("[[null,null],")


async def test_numbers_and_flags_may_be_text(daemon):
    body = {"libtorrent": {"max_upload_rate": "2000", "lsd": "no"}, "memory_db": "yes", "statistics": 1}
    await daemon.post("/api/settings", json=body)

    settings = await eights(daemon)
    assert (settings["libtorrent"]["max_upload_rate"], settings["libtorrent"]["lsd"]) == (2000, False)
    assert (settings["memory_db"], settings["statistics"]) == (True, True)


async def test_the_key_is_the_same_one_and_may_be_none(daemon):
    await daemon.post("/api/settings", json={"api": {"key": ""}})

    assert (await sevens(daemon))["api"]["key"] == ""
    assert (await eights(daemon))["api"]["key"] == ""
