"""``rtorrent.rc``: a script, of which only lines that set one value are taken. Nothing of it is run."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from triblerd_upgrader.foreign.fields import integer_of, number_of
from triblerd_upgrader.foreign.stored import stored_bytes
from triblerd_upgrader.foreign.values import ForeignSettings, Item, NotTaken

NAMES = ("rtorrent.rc", ".rtorrent.rc")

_LINE = re.compile(r"\s*([a-z][a-z0-9_.]*)\s*=\s*(.*?)\s*")
_COMMANDS = re.compile(r"[$(){};|]|=\s*\S*=|\bexecute")  # what is computed when the script runs
_KIB = 1024
_UNITS = {"": 1, "k": _KIB, "m": _KIB**2, "g": _KIB**3}
_PER_CENT = 100
_DIRECTORY = ("directory.default.set", "directory")
_SESSION = ("session.path.set", "session")
_RATES = (
    ("max_download_rate", "throttle.global_down.max_rate.set", "download_rate"),
    ("max_upload_rate", "throttle.global_up.max_rate.set", "upload_rate"),
)
"""Ours, the one in bytes, and the old one in KiB."""
_GROUPS = {"throttle.up": "up", "throttle_up": "up", "throttle.down": "down", "throttle_down": "down"}
_NOT_TAKEN = {
    "schedule": "commands at times are not run here",
    "schedule2": "commands at times are not run here",
    "import": "files that it includes are not read",
    "try_import": "files that it includes are not read",
    "method.set_key": "commands at events are not run here",
    "system.method.set_key": "commands at events are not run here",
}


@dataclass
class Script:
    """What the lines of a script set.

    Attributes:
        values: The last value of each name.
        groups: Limits in bytes per second, -1 for none, by the name of a group and by ``up`` or ``down``.
        lost: Names of commands that are not taken over.
    """

    values: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, int]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    def value(self, *names: str) -> str:
        """Return the value that has one of these names; empty when none has."""
        return next((self.values[name] for name in names if name in self.values), "")

    @property
    def session(self) -> str:
        """Where the session is, as the program wrote it; empty when the script does not say."""
        return self.value(*_SESSION)

    def limit(self, group: str, direction: str) -> int:
        """Return the limit of a group, -1 for none."""
        return self.groups.get(group, {}).get(direction, -1)


def parse_script(path: Path) -> Script:
    """Return what a script sets.

    Raises:
        ValueError: it is damaged.
        OSError: it cannot be read.
    """
    script = Script()
    for line in stored_bytes(path).decode(errors="replace").split("\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        name, value = match[1], match[2].strip("\"'")
        if reason := _NOT_TAKEN.get(name):
            script.lost[name] = reason
        elif name in _GROUPS:
            group, _, kib = value.partition(",")
            limit = integer_of(kib.strip()) * _KIB
            script.groups.setdefault(group.strip(), {})[_GROUPS[name]] = limit if limit > 0 else -1
        elif not _COMMANDS.search(value):
            script.values[name] = value
    if not script.values and not script.lost:
        msg = "it sets nothing"
        raise ValueError(msg)
    return script


def read_settings(origin: str, script: Script, place: Callable[[str], str]) -> Iterator[Item]:
    """Yield the settings, and what of them has no place here.

    Args:
        origin: The file that they are from.
        script: What it sets.
        place: Turns a path into one of ours.
    """
    values: dict[str, object] = {}
    if directory := script.value(*_DIRECTORY):
        values["download_defaults.saveas"] = place(posixpath.normpath(directory))
    port = integer_of(script.value("network.port_range.set", "port_range").partition("-")[0])
    if 0 < port < 1 << 16:
        values["libtorrent.port"] = port
    for ours, exact, old in _RATES:
        if exact in script.values:
            values[f"libtorrent.{ours}"] = _bytes(script.values[exact])
        elif rate := script.value(f"{exact}_kb", old):
            values[f"libtorrent.{ours}"] = max(integer_of(rate), 0) * _KIB
    if peers := integer_of(script.value("throttle.max_peers.normal.set", "max_peers")):
        values["libtorrent.max_connections_download"] = peers
    if dht := script.value("dht.mode.set", "dht"):
        values["libtorrent.dht"] = dht not in {"disable", "off"}
    if address := script.value("network.bind_address.set", "bind"):
        values["libtorrent/listen_interface"] = address
    values |= _seeding(script.values)
    if values:
        yield ForeignSettings(values=values)
    yield from (NotTaken(f"{origin}: {name}", reason) for name, reason in script.lost.items())


def _seeding(values: Mapping[str, str]) -> dict[str, object]:
    ratio = number_of(values.get("ratio.min.set", ""))
    if "ratio.enable" not in values or ratio <= 0:
        return {}
    return {"download_defaults.seeding_mode": "ratio", "download_defaults.seeding_ratio": ratio / _PER_CENT}


def _bytes(text: str) -> int:
    unit = text[-1:].lower()
    if unit.isdigit():
        unit = ""
    return max(integer_of(text[: len(text) - len(unit)]), 0) * _UNITS.get(unit, 1)
