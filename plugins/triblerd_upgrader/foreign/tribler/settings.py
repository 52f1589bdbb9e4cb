"""``triblerd.conf`` of version 7 and ``configuration.json`` of version 8."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from triblerd_upgrader.foreign.tribler.ini import parse_sections, python_value, unquoted
from triblerd_upgrader.foreign.values import ForeignSettings, NotTaken

CONF = "triblerd.conf"
JSON = "configuration.json"

_LARGEST = 1 << 24
_SECRETS = frozenset({"api.key", "libtorrent.proxy_auth"})
_NO_SECRET = ("", ":", "None", None)
_PATHS = frozenset(
    {"download_defaults.saveas", "download_defaults.completed_dir", "watch_folder.directory"}
    | {"download_defaults.trackers_file", "download_defaults.torrent_folder"}
)
_TEXTS = _SECRETS | _PATHS | {"libtorrent.proxy_server", "api.https_certfile", "ipv8.bootstrap_override"}
"""Never taken for numbers."""
_NOWHERE = frozenset(
    {"api/http_port_running", "api/https_port_running", "state_dir", "headless", "ipv8/working_directory", "ipv8/keys"}
    | {"ipv8/logger", "ipv8/overlays", "ipv8/interfaces", "start_minimized", "tray_icon_color", "ui"}
)
"""What is about the machine, the desktop or the program itself; ``ipv8/interfaces`` is looked at on its own."""
_NESTED = "libtorrent/download_defaults"
_SAME = frozenset({"api", "libtorrent", _NESTED, "watch_folder", "tunnel_community", "content_discovery_community"})
"""Sections of version 8 whose options have their names in ours."""
_RENAMED = {
    "torrent_checker/enabled": "torrent_checking.enabled",
    "database/enabled": "chant.enabled",
    "dht_discovery/enabled": "dht.enabled",
    "statistics": "ipv8.statistics",
    "ipv8/walker_interval": "ipv8.walk_interval",
    "versioning/enabled": "general.version_checker_enabled",
}


def read_conf(file: Path, place: Callable[[str], str]) -> ForeignSettings:
    """Return the settings of version 7: only those that differ from its defaults.

    Args:
        file: ``triblerd.conf``.
        place: Turns a path into one of ours.

    Raises:
        ValueError: it cannot be read.
    """
    values: dict[str, object] = {}
    for section, options in parse_sections(_text(file)).items():
        for option, raw in options.items():
            name = f"{section}.{option}"
            values[name] = unquoted(raw) if name in _TEXTS else python_value(raw)
    return _settings(values, place)


def read_json(file: Path, place: Callable[[str], str]) -> ForeignSettings:
    """Return the settings of version 8, which writes all of them.

    Raises:
        ValueError: it cannot be read.
    """
    configuration = msgspec.json.decode(_text(file), type=dict[str, object])
    values = dict(_flat(configuration, ""))
    interfaces = _of(configuration, "ipv8", "interfaces")
    for interface in interfaces if isinstance(interfaces, list) else ():
        if isinstance(interface, dict) and interface.get("interface") == "UDPIPv4":
            values |= {"ipv8.port": interface.get("port"), "ipv8.address": interface.get("ip")}
    return _settings(values, place)


def undone_upgrade(settings: ForeignSettings, old: ForeignSettings) -> tuple[ForeignSettings, list[NotTaken]]:
    """Return settings of version 8 without what its upgrade did to those of version 7: it turned every switch on.

    Args:
        settings: Of ``configuration.json``.
        old: Of the ``triblerd.conf`` that it was made of.
    """
    wrong = [name for name, value in settings.values.items() if value is True and old.values.get(name) is False]
    values = {name: name not in wrong and value for name, value in settings.values.items()}
    reason = "version 8 has it on, version 7 had it off: its upgrade turned on all there was, so it stays off"
    return msgspec.structs.replace(settings, values=values), [NotTaken(f"setting {name}", reason) for name in wrong]


def port_of(file: Path) -> int:
    """Return the port on which version 8 was last to be reached, 0 when it does not say so."""
    try:
        configuration = msgspec.json.decode(_text(file), type=dict[str, object])
    except (OSError, ValueError, RecursionError):
        return 0
    port = _of(configuration, "api", "http_port_running")
    return port if isinstance(port, int) and 0 < port < 1 << 16 else 0


def _flat(section: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    for key, value in section.items():
        here = f"{path}/{key}" if path else key
        if here in _NOWHERE:
            continue
        if isinstance(value, dict) and here != "libtorrent/advanced_rate_limits":
            yield from _flat(value, here)
        elif here in _RENAMED:
            yield _RENAMED[here], value
        elif path == _NESTED:
            yield f"download_defaults.{key}", value
        else:
            yield (f"{path}.{key}" if path in _SAME else here), value


def _settings(values: Mapping[str, object], place: Callable[[str], str]) -> ForeignSettings:
    placed = {
        name: place(value) if name in _PATHS and isinstance(value, str) and value else value
        for name, value in values.items()
    }
    secrets = {name: value for name, value in placed.items() if name in _SECRETS and value not in _NO_SECRET}
    return ForeignSettings(
        values={name: value for name, value in placed.items() if name not in _SECRETS}, secrets=secrets
    )


def _of(configuration: Mapping[str, object], section: str, option: str) -> object:
    found = configuration.get(section)
    return found.get(option) if isinstance(found, dict) else None


def _text(file: Path) -> str:
    if file.stat().st_size > _LARGEST:
        msg = f"{file.name} is too large"
        raise ValueError(msg)
    return file.read_text("utf-8")
