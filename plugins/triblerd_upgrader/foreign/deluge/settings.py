"""``core.conf``: what of it ours has, too."""

from collections.abc import Callable, Iterator

from triblerd_upgrader.foreign.fields import Fields, integer_of
from triblerd_upgrader.foreign.values import ForeignSettings, Item, NotTaken

_KIB = 1024
_FLAGS = {
    "dht": "libtorrent.dht",
    "lsd": "libtorrent.lsd",
    "upnp": "libtorrent.upnp",
    "natpmp": "libtorrent.natpmp",
    "auto_managed": "libtorrent/download_defaults/auto_managed",
}
_NUMBERS = {
    "max_active_downloading": "libtorrent/active_downloads",
    "max_active_seeding": "libtorrent/active_seeds",
    "max_active_limit": "libtorrent/active_limit",
}
_LOGINS = frozenset({3, 5})
_MOST_PROXIES = 5
_OTHERS = {
    "autoadd.conf": "watched folders of the plugin AutoAdd",
    "blocklist.conf": "the list of the plugin Blocklist",
    "execute.conf": "programs that the plugin Execute runs",
    "scheduler.conf": "limits by the time of day of the plugin Scheduler",
}


def read_settings(origin: str, core: Fields, place: Callable[[str], str]) -> Iterator[Item]:
    """Yield the settings, and what of them has no place here.

    Args:
        origin: The file that they are from.
        core: Its keys.
        place: Turns a path into one of ours.
    """
    values: dict[str, object] = {ours: core.flag(key) for key, ours in _FLAGS.items() if key in core}
    values |= {ours: max(core.number(key), -1) for key, ours in _NUMBERS.items() if key in core}
    for theirs, ours in (("max_download_speed", "max_download_rate"), ("max_upload_speed", "max_upload_rate")):
        if theirs in core:
            values[f"libtorrent.{ours}"] = max(int(core.fraction(theirs) * _KIB), 0)
    if "max_connections_per_torrent" in core:
        values["libtorrent.max_connections_download"] = max(core.number("max_connections_per_torrent"), -1)
    if core.text("download_location"):
        values["download_defaults.saveas"] = place(core.text("download_location"))
    if core.flag("move_completed") and core.text("move_completed_path"):
        values["libtorrent/download_defaults/completed_dir"] = place(core.text("move_completed_path"))
    values |= _listening(core) | _seeding(core)
    secrets = _proxy(core.fields("proxy"), values)
    if values or secrets:
        yield ForeignSettings(values=values, secrets=secrets)
    if core.flag("remove_seed_at_ratio"):
        yield NotTaken(f"{origin}: remove_seed_at_ratio", "downloads stop at their ratio; they are not removed")


def other_plugins(names: Callable[[str], bool]) -> Iterator[NotTaken]:
    """Yield what plugins of the program keep; ``names`` tells whether there is a file of a name."""
    yield from (NotTaken(name, f"{what}: not taken over") for name, what in _OTHERS.items() if names(name))


def _listening(core: Fields) -> dict[str, object]:
    values: dict[str, object] = {}
    ports = [integer_of(port) for port in core.list("listen_ports")]
    if core.flag("random_port"):
        values["libtorrent.port"] = None
    elif ports and 0 < ports[0] < 1 << 16:
        values["libtorrent.port"] = ports[0]
    if core.text("listen_interface"):
        values["libtorrent/listen_interface"] = core.text("listen_interface")
    return values


def _seeding(core: Fields) -> dict[str, object]:
    if "stop_seed_at_ratio" not in core:
        return {}
    if not core.flag("stop_seed_at_ratio"):
        return {"download_defaults.seeding_mode": "forever"}
    ratio = core.fraction("stop_seed_ratio")
    return {"download_defaults.seeding_mode": "ratio", "download_defaults.seeding_ratio": ratio}


def _proxy(proxy: Fields, values: dict[str, object]) -> dict[str, object]:
    """Set the proxy, and return what of it is secret."""
    kind, host = proxy.number("type"), proxy.text("hostname")
    if not 0 < kind <= _MOST_PROXIES or not host:
        return {}
    values["libtorrent.proxy_type"] = kind
    values["libtorrent.proxy_server"] = f"{host}:{proxy.number('port')}"
    if kind not in _LOGINS:
        return {}
    return {"libtorrent.proxy_auth": f"{proxy.text('username')}:{proxy.text('password')}"}
