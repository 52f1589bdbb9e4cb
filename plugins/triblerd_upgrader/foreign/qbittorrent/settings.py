"""``qBittorrent.conf``: what of it ours has, too."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from triblerd_upgrader.foreign.qbittorrent.qt_ini import Sections, parse_sections
from triblerd_upgrader.foreign.stored import stored_bytes
from triblerd_upgrader.foreign.values import ForeignSettings, Item, NotTaken

SESSION = "BitTorrent"
_QUEUE = "Session\\QueueingSystemEnabled"
_KIB = 1024
_PROXIES = {"0": 0, "NONE": 0, "5": 1, "SOCKS4": 1, "2": 2, "SOCKS5": 2, "1": 4, "HTTP": 4}
"""By what versions 4 and 5 write; a login adds one to HTTP and to SOCKS5."""
_LOGIN = frozenset({2, 4})
_NOWHERE = (
    ("Session\\BandwidthSchedulerEnabled", "limits by the time of day are not taken over"),
    ("Session\\UseAlternativeGlobalSpeedLimit", "its second pair of limits was on; the first pair is taken over"),
)


def parse(path: Path) -> Sections:
    """Return the sections of the file.

    Raises:
        ValueError: it is none.
        OSError: it cannot be read.
    """
    return parse_sections(stored_bytes(path).decode())


def default_save_path(sections: Sections) -> str:
    """Return where complete downloads go; empty for the place that the program chooses by itself."""
    return sections.text(SESSION, "Session\\DefaultSavePath") or sections.text("Preferences", "Downloads\\SavePath")


def read(origin: str, sections: Sections, watched: Mapping[str, object], place: Callable[[str], str]) -> Iterator[Item]:
    """Yield the settings, and what of them has no place here.

    Args:
        origin: The file that they are from.
        sections: Of it.
        watched: Settings that are from elsewhere.
        place: Turns a path into one of ours.
    """
    values = dict(watched)
    values |= _rates(sections) | _places(sections, place) | _queue(sections) | _features(sections)
    notes = list(_seeding(sections, values))
    secrets: dict[str, object] = {}
    _proxy(sections, values, secrets)
    if values or secrets:
        yield ForeignSettings(values=values, secrets=secrets)
    yield from (NotTaken(f"{origin}: {key}", reason) for key, reason in notes)
    yield from (NotTaken(f"{origin}: {key}", why) for key, why in _NOWHERE if sections.flag(SESSION, key))
    if sections.text("Preferences", "WebUI\\Password_PBKDF2"):
        yield NotTaken(f"{origin}: WebUI\\Password_PBKDF2", "only a hash of the password is known")


def _rates(sections: Sections) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, ours in (("GlobalDLSpeedLimit", "download"), ("GlobalUPSpeedLimit", "upload")):
        limit = sections.number(SESSION, f"Session\\{key}")
        if limit is not None:
            values[f"libtorrent.max_{ours}_rate"] = max(int(limit * _KIB), 0)
    connections = sections.number(SESSION, "Session\\MaxConnectionsPerTorrent")
    if connections is not None:
        values["libtorrent.max_connections_download"] = int(connections) if connections > 0 else -1
    return values


def _places(sections: Sections, place: Callable[[str], str]) -> dict[str, object]:
    complete = default_save_path(sections)
    incomplete = sections.text(SESSION, "Session\\TempPath")
    if sections.flag(SESSION, "Session\\TempPathEnabled") and incomplete:
        values: dict[str, object] = {"download_defaults.saveas": place(incomplete)}
        return values | ({"libtorrent/download_defaults/completed_dir": place(complete)} if complete else {})
    return {"download_defaults.saveas": place(complete)} if complete else {}


def has_queue(sections: Sections) -> bool:
    """Return whether downloads wait for one another, as they do unless somebody changes that."""
    return sections.flag(SESSION, _QUEUE) is not False


def _queue(sections: Sections) -> dict[str, object]:
    values: dict[str, object] = {}
    is_on = sections.flag(SESSION, _QUEUE)
    if is_on is not None:
        values["libtorrent/download_defaults/auto_managed"] = is_on
    for key, ours in (
        ("MaxActiveDownloads", "active_downloads"),
        ("MaxActiveUploads", "active_seeds"),
        ("MaxActiveTorrents", "active_limit"),
    ):
        most = sections.number(SESSION, f"Session\\{key}")
        if most is not None:
            values[f"libtorrent/{ours}"] = max(int(most), -1)
    return values


def _features(sections: Sections) -> dict[str, object]:
    values: dict[str, object] = {}
    port = sections.number(SESSION, "Session\\Port")
    if port is not None and 0 < port < 1 << 16:
        values["libtorrent.port"] = int(port)
    for section, key, ours in (
        (SESSION, "Session\\DHTEnabled", ("libtorrent.dht",)),
        (SESSION, "Session\\LSDEnabled", ("libtorrent.lsd",)),
        ("Network", "PortForwardingEnabled", ("libtorrent.upnp", "libtorrent.natpmp")),
        (SESSION, "Session\\AnnounceToAllTrackers", ("libtorrent/announce_to_all_trackers",)),
        (SESSION, "Session\\AnnounceToAllTiers", ("libtorrent/announce_to_all_tiers",)),
    ):
        flag = sections.flag(section, key)
        if flag is not None:
            values |= dict.fromkeys(ours, flag)
    protocol = sections.text(SESSION, "Session\\BTProtocol")
    if protocol:
        values["libtorrent.utp"] = protocol not in {"TCP", "1"}
    address = sections.text(SESSION, "Session\\InterfaceAddress") or sections.text(SESSION, "Session\\Interface")
    if address:
        values["libtorrent/listen_interface"] = address
    return values


def _seeding(sections: Sections, values: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Set when seeding ends, and yield what is not taken over of that."""
    ratio = sections.number(SESSION, "Session\\GlobalMaxRatio")
    minutes = sections.number(SESSION, "Session\\GlobalMaxSeedingMinutes")
    if ratio is not None and ratio >= 0:
        values |= {"download_defaults.seeding_mode": "ratio", "download_defaults.seeding_ratio": ratio}
        if minutes is not None and minutes >= 0:
            yield "Session\\GlobalMaxSeedingMinutes", "the limit by ratio is taken over; there is only one limit here"
    elif minutes is not None and minutes >= 0:
        values |= {"download_defaults.seeding_mode": "time", "download_defaults.seeding_time": minutes * 60}
    elif ratio is not None or minutes is not None:
        values["download_defaults.seeding_mode"] = "forever"


def _proxy(sections: Sections, values: dict[str, object], secrets: dict[str, object]) -> None:
    kind = _PROXIES.get(sections.text("Network", "Proxy\\Type").upper(), 0)
    host, port = sections.text("Network", "Proxy\\IP"), sections.number("Network", "Proxy\\Port")
    if not kind or not host or not port:
        return
    has_login = sections.flag("Network", "Proxy\\AuthEnabled") is True
    values["libtorrent.proxy_type"] = kind + 1 if has_login and kind in _LOGIN else kind
    values["libtorrent.proxy_server"] = f"{host}:{port:.0f}"
    if has_login:
        user, password = (sections.text("Network", f"Proxy\\{key}") for key in ("Username", "Password"))
        secrets["libtorrent.proxy_auth"] = f"{user}:{password}"
