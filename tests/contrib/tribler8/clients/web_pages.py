"""What the pages of the web interface ask for, as they do it, and what they read of the answers.

A number is a number there, whole or not. Of an object only the keys that are named are read, but they have to be there.
"""

from dataclasses import dataclass
from typing import Any

from tests.contrib.tribler8.clients.typed import Read, flag, listed, number, one_of, or_null, text, whole


def anything(value: object) -> object:
    """Shown as it is."""
    return value


@dataclass(frozen=True)
class Call:
    """One call of a page. ``{infohash}`` and ``{folder}`` are filled in."""

    method: str
    path: str
    reads: Read
    body: dict[str, Any] | None = None


STATES = one_of(
    "ALLOCATING_DISKSPACE",
    "WAITING_FOR_HASHCHECK",
    "HASHCHECKING",
    "DOWNLOADING",
    "SEEDING",
    "STOPPED",
    "STOPPED_ON_ERROR",
    "METADATA",
    "LOADING",
    "EXIT_NODES",
    "MOVING",
    "QUEUED",
)
NUMBERS = (
    "progress",
    "speed_down",
    "speed_up",
    "status_code",
    "size",
    "eta",
    "num_peers",
    "num_seeds",
    "num_connected_peers",
    "num_connected_seeds",
    "all_time_upload",
    "all_time_download",
    "all_time_ratio",
    "last_download",
    "last_upload",
    "hops",
    "upload_limit",
    "download_limit",
    "seeding_ratio",
    "total_pieces",
    "time_added",
    "time_finished",
    "queue_position",
)
FLAGS = ["anon_download", "safe_seeding", "auto_managed", "user_stopped", "streamable"]
TEXTS = ["name", "infohash", "destination", "completed_dir", "error"]

tracker = whole(url=text, peers=number, seeds=number, leeches=number, status=text)
download = whole(
    status=STATES,
    trackers=listed(tracker),
    **dict.fromkeys(NUMBERS, number),
    **dict.fromkeys(FLAGS, flag),
    **dict.fromkeys(TEXTS, text),
)
downloads = whole(downloads=listed(download), checkpoints=whole(total=number, loaded=number, all_loaded=flag))
files = whole(infohash=text, files=listed(whole(index=number, name=text, size=number, included=flag, progress=number)))
torrent = whole(
    infohash=text,
    name=text,
    size=number,
    created=number,
    category=text,
    num_seeders=number,
    num_leechers=number,
    last_tracker_check=number,
)
checks = listed(whole(infohash=text, seeders=number, leechers=number, last_check=number, tracker=text))
COUNTED = ("recv", "sent", "dht_recv", "dht_sent", "tracker_recv", "tracker_sent", "payload_recv", "payload_sent")
session = whole(hops=number, **dict.fromkeys((f"{name}_bytes" for name in COUNTED), number))
statistics = whole(
    tribler_statistics=whole(
        db_size=number,
        num_torrents=number,
        libtorrent=whole(sessions=listed(session), total_recv_bytes=number, total_sent_bytes=number),
        endpoint_version=or_null(text),
    )
)
entries = listed(whole(name=text, path=text, dir=flag))
picked = whole(current=text, paths=entries, separator=text)
files_below = whole(paths=listed(whole(name=text, path=text)))
tried = whole(success=flag)
made = whole(torrent=text)
"""A torrent file in base64: JSON that calls itself text, which is taken for what it is."""
offered = whole(infohash=text, name=text, files=listed(whole(index=number, name=text, size=number)))

SWITCH = whole(enabled=flag)
settings = whole(
    settings=whole(
        api=whole(key=text, http_enabled=flag, http_port=number, https_enabled=flag, https_port=number),
        ipv8=anything,
        ui=anything,
        statistics=flag,
        content_discovery_community=SWITCH,
        database=SWITCH,
        dht_discovery=SWITCH,
        recommender=SWITCH,
        rendezvous=SWITCH,
        torrent_checker=SWITCH,
        tunnel_community=whole(enabled=flag, min_circuits=number, max_circuits=number),
        versioning=whole(enabled=flag, allow_pre=flag),
        watch_folder=whole(enabled=flag, directory=text, check_interval=number),
        rss=whole(enabled=flag, urls=listed(text)),
        libtorrent=whole(
            port=number,
            proxy_type=number,
            proxy_server=text,
            proxy_auth=text,
            max_connections_download=number,
            max_download_rate=number,
            max_upload_rate=number,
            use_advanced_rate_limits=flag,
            advanced_rate_limits=anything,
            utp=flag,
            dht=flag,
            upnp=flag,
            lsd=flag,
            active_downloads=number,
            active_seeds=number,
            ask_download_settings=flag,
            check_after_complete=flag,
            download_defaults=whole(
                anonymity_enabled=flag,
                number_hops=number,
                safeseeding_enabled=flag,
                saveas=text,
                completed_dir=text,
                seeding_mode=one_of("ratio", "forever", "time", "never"),
                seeding_ratio=number,
                seeding_time=number,
                trackers_file=text,
                torrent_folder=text,
                auto_managed=flag,
            ),
        ),
    )
)

POLLS = "infohash={infohash}&get_peers=1&get_pieces=1&get_availability=1"
SEARCH = "first=1&last=200&metadata_type=300&exclude_deleted=1&fts_text=big%20film"
PAGES = (
    Call("GET", "/api/downloads?infohash=&get_peers=0&get_pieces=0&get_availability=0", downloads),
    Call("GET", f"/api/downloads?{POLLS}", downloads),
    Call("GET", "/api/downloads/{infohash}/files", files),
    Call("PUT", "/api/downloads/{infohash}/trackers", whole(added=flag), {"url": "http://127.0.0.1:9/a"}),
    Call(
        "PUT", "/api/downloads/{infohash}/tracker_force_announce", whole(forced=flag), {"url": "http://127.0.0.1:9/a"}
    ),
    Call("DELETE", "/api/downloads/{infohash}/trackers", whole(removed=flag), {"url": "http://127.0.0.1:9/a"}),
    Call("GET", "/api/statistics/tribler", statistics),
    Call("GET", "/api/statistics/ipv8", whole(ipv8_statistics=anything)),
    Call(
        "PUT",
        "/api/statistics/dirspace",
        whole(statistics=whole(total=number, used=number, free=number)),
        {"directory": "{folder}/not/yet"},
    ),
    Call("GET", "/api/libtorrent/session?hop=0", whole(hop=number, session=anything)),
    Call("GET", "/api/libtorrent/session?hop=1", whole(hop=number, session=anything)),
    Call("GET", "/api/libtorrent/settings?hop=0", whole(hop=number, settings=anything)),
    Call("POST", "/api/torrentinfo/uri", anything, {"uri": "magnet:?xt=urn:btih:" + "ab" * 20, "skipmagnet": True}),
    Call(
        "GET",
        "/api/metadata/torrents/popular?metadata_type=300&metadata_type=220&include_total=1&first=1&last=50",
        whole(results=listed(torrent)),
    ),
    Call("GET", "/api/metadata/torrents/{infohash}/health", whole(checking=flag)),
    Call("GET", "/api/metadata/torrents/health", whole(health_history=whole(local=checks, remote=checks))),
    Call("GET", "/api/metadata/search/completions?q=big%20f", whole(completions=listed(text))),
    Call("GET", f"/api/metadata/search/local?{SEARCH}", whole(results=listed(torrent))),
    Call(
        "PUT",
        "/api/search/remote?fts_text=big%20film&popular=0&metadata_type=300&exclude_deleted=1",
        whole(request_uuid=text, peers=listed(text)),
    ),
    Call(
        "PUT",
        "/api/recommender/clicked",
        whole(added=flag),
        {"query": "big film", "chosen_index": 0, "timestamp": 1700000000000, "results": []},
    ),
    Call("GET", "/api/settings", settings),
    Call("PUT", "/api/rss", whole(modified=flag), {"urls": []}),
    Call("GET", "/api/versioning/versions", whole(versions=listed(text), current=text)),
    Call("GET", "/api/versioning/versions/current", whole(version=text)),
    Call("GET", "/api/versioning/versions/check", whole(new_version=text, has_version=flag)),
    Call("GET", "/api/versioning/upgrade/available", whole(can_upgrade=anything)),
    Call("GET", "/api/versioning/upgrade/working", whole(running=flag)),
    Call("GET", "/api/files/browse?path={folder}&files=1", picked),
    Call("GET", "/api/files/browse?path={folder}", picked),
    Call("GET", "/api/files/list?path={folder}&recursively=1", files_below),
    Call("GET", "/api/files/create?path={folder}/new&recursively=1", whole(paths=entries)),
    Call("GET", "/api/events/info", whole(public_key=text, version=text, sessions=text)),
)
"""Those that need no overlay and change nothing of weight, in an order in which they work."""

circuit = whole(
    circuit_id=number,
    goal_hops=number,
    actual_hops=number,
    verified_hops=listed(text),
    unverified_hop=text,
    type=text,
    state=text,
    bytes_up=number,
    bytes_down=number,
    creation_time=number,
    exit_flags=listed(number),
)
bucket = whole(prefix=text, last_changed=number, endpoint=text, peers=listed(anything))
OVERLAY_PAGES = (
    Call(
        "GET",
        "/api/ipv8/tunnel/peers",
        whole(peers=listed(whole(ip=text, port=number, mid=text, is_key_compatible=flag, flags=listed(number)))),
    ),
    Call("GET", "/api/ipv8/tunnel/circuits", whole(circuits=listed(circuit))),
    Call("GET", "/api/ipv8/tunnel/relays", whole(relays=listed(anything))),
    Call("GET", "/api/ipv8/tunnel/exits", whole(exits=listed(anything))),
    Call("GET", "/api/ipv8/tunnel/swarms", whole(swarms=listed(anything))),
    Call(
        "GET",
        "/api/ipv8/overlays",
        whole(
            overlays=listed(whole(id=text, my_peer=text, global_time=number, peers=listed(anything), overlay_name=text))
        ),
    ),
    Call("GET", "/api/ipv8/overlays/statistics", whole(statistics=listed(anything))),
    Call("GET", "/api/ipv8/dht/statistics", whole(statistics=whole(peer_id=text, num_tokens=number))),
    Call("GET", "/api/ipv8/dht/buckets", whole(buckets=listed(bucket))),
    Call("PUT", "/api/ipv8/asyncio/drift", whole(success=flag), {"enable": True}),
    Call("GET", "/api/ipv8/asyncio/drift", whole(measurements=listed(whole(timestamp=number, drift=number)))),
    Call("PUT", "/api/ipv8/asyncio/drift", whole(success=flag), {"enable": False}),
    Call("GET", "/api/ipv8/asyncio/tasks", whole(tasks=listed(whole(name=text, running=flag, stack=listed(text))))),
    Call("GET", "/api/statistics/ipv8", whole(ipv8_statistics=whole(total_up=number, total_down=number))),
    Call(
        "GET",
        "/api/statistics/tribler",
        whole(tribler_statistics=whole(peers=number, socks5_sessions=listed(anything))),
    ),
)
"""Those that show the overlay."""
