"""From our configuration to the engine's settings.

Why each value is what it is stands in ``docs/decisions/0010-engine-settings.md``.
"""

import libtorrent as lt

import triblerd
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.day_limits import session_limits
from triblerd_libtorrent.metainfo import MOST_BYTES, MOST_PIECES

_MANY = 1 << 24  # what stands for "any number" where the engine knows no -1

BASE_ALERTS = lt.alert_category.error | lt.alert_category.status | lt.alert_category.storage | lt.alert_category.tracker

_ALWAYS: "lt.settings_pack" = {
    "alert_mask": BASE_ALERTS,
    "alert_queue_size": 100_000,
    "allow_multiple_connections_per_ip": True,
    "connections_limit": 500,
    "max_metadata_size": MOST_BYTES,
    "max_piece_count": MOST_PIECES,
    "metadata_token_limit": 1_300_000,
    "optimistic_disk_retry": 60,
    "prefer_rc4": False,
    "stop_tracker_timeout": 2,
    "utp_connect_timeout": 1500,
    "webtorrent_stun_server": "",
}

_OUR_NAME: "lt.settings_pack" = {
    "peer_fingerprint": "-TL" + "".join(triblerd.__version__.split(".")[:3]).ljust(4, "0")[:4] + "-",
    "user_agent": f"triblerd/{triblerd.__version__}",
}

# dht.libtorrent.org, dht.transmissionbt.com (two), router.bittorrent.com, router.utorrent.com. The engine asks the
# machine's own resolver for a name here, whatever proxy it has; one that has moved is missed, and the others do.
_ROUTERS = "185.157.221.247:25401,87.98.162.88:6881,212.129.33.59:6881,67.215.246.10:6881,82.221.103.244:6881"

_ANONYMOUS: "lt.settings_pack" = {
    "anonymous_mode": True,
    "dht_bootstrap_nodes": _ROUTERS,
    "enable_incoming_tcp": False,
    "enable_incoming_utp": True,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_outgoing_tcp": False,
    "enable_outgoing_utp": True,
    "enable_upnp": False,
    "force_proxy": True,  # for clients, who know it by that; the engine itself goes by what is said of the proxy
    "listen_interfaces": "0.0.0.0:6881,[::]:6881",  # nothing is reachable there: everything goes by the proxy
    "num_outgoing_ports": 1,
    "outgoing_port": 0,
    "socks5_udp_send_local_ep": False,
    "user_agent": "",
}


def plain_settings(config: LibtorrentConfig) -> "lt.settings_pack":
    """Return the settings of the session that talks to peers directly, or through the user's own proxy."""
    return {
        **_ALWAYS,
        **_OUR_NAME,
        **_from_config(config, 0),
        "listen_interfaces": _listen_interfaces(config),
        **_proxy(config),
    }


def anonymous_settings(config: LibtorrentConfig, hops: int, socks_host: str, socks_port: int) -> "lt.settings_pack":
    """Return the settings of a session that reaches its peers by a SOCKS5 server alone."""
    return {
        **_ALWAYS,
        **_from_config(config, hops),
        **_ANONYMOUS,
        "proxy_type": int(lt.proxy_type_t.socks5),
        "proxy_hostname": socks_host,
        "proxy_port": socks_port,
        "proxy_hostnames": True,
        "proxy_peer_connections": True,
        "proxy_tracker_connections": True,
    }


def connections_per_torrent(config: LibtorrentConfig) -> int:
    """Return how many peers one torrent may be connected to; one more is a number of the engine's, too."""
    most = _MANY - 2  # the engine keeps 24 bits: one more than they hold would be none
    return min(config.max_connections_download, most) if config.max_connections_download > 0 else most


def _from_config(config: LibtorrentConfig, hops: int) -> "lt.settings_pack":
    upload, download = session_limits(config, hops)
    return {
        "download_rate_limit": download,
        "upload_rate_limit": upload,
        "enable_dht": config.dht,
        "enable_lsd": config.lsd,
        "enable_upnp": config.upnp,
        "enable_natpmp": config.natpmp,
        "enable_incoming_utp": config.utp,
        "enable_outgoing_utp": config.utp,
        "announce_to_all_tiers": config.announce_to_all_tiers,
        "announce_to_all_trackers": config.announce_to_all_trackers,
        "max_concurrent_http_announces": config.max_concurrent_http_announces,
        "active_downloads": config.active_downloads,
        "active_seeds": config.active_seeds,
        "active_checking": config.active_checking,
        "active_dht_limit": config.active_dht_limit,
        "active_tracker_limit": config.active_tracker_limit,
        "active_lsd_limit": config.active_lsd_limit,
        "active_limit": config.active_limit,
    }


def _listen_interfaces(config: LibtorrentConfig) -> str:
    host = config.listen_interface
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{host}:{max(config.port or 0, 0)}"


def _proxy(config: LibtorrentConfig) -> "lt.settings_pack":
    host, _, port = config.proxy_server.rpartition(":")
    user, _, password = config.proxy_auth.partition(":")
    wanted = config.proxy_type if host and port.isdecimal() else 0
    return {
        "proxy_type": wanted,
        "proxy_hostname": host if wanted else "",
        "proxy_port": int(port) if wanted else 0,
        "proxy_username": user if wanted else "",
        "proxy_password": password if wanted else "",
    }
