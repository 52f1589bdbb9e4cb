"""The state directory of a daemon under test: its settings, and which plugins run."""

import contextlib
import importlib
import importlib.util
import secrets
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from triblerd.configuration import FIRST_VERSION
from triblerd.plugin_discovery import FoundPlugin, find_plugins
from triblerd.settings_file import FILE_NAME, VERSIONS, SettingsFile

Settings = Mapping[str, Mapping[str, object]]
"""Sections of ``triblerd.conf``, each a mapping of keys to values."""


def prepare_state_dir(
    state_dir: Path, plugins: Iterable[str], config: Settings, extra_plugins: Iterable[EntryPoint] = ()
) -> str:
    """Make a state directory whose settings turn on only ``plugins`` and what they require; return the key.

    What the file already says of anything else stays, but for ``config``. Plugins bring the settings that
    keep them off the network in the ``TEST_SETTINGS`` of their ``testing`` module.
    """
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = SettingsFile(state_dir / FILE_NAME)
    found = {plugin.name: plugin for plugin in find_plugins(extra_plugins)}
    wanted = _with_requirements(plugins, found)
    defaults: dict[str, dict[str, object]] = {
        "api": {"key": secrets.token_hex(16), "http_port": 0},
    }
    for name in wanted:
        for section, values in _test_settings(found[name]).items():
            defaults.setdefault(section, {}).update(values)
    switches = {name: {"enabled": name in wanted} for name in found}
    versions = {} if file.exists() else _settings_versions(found[name] for name in wanted)
    settings = _merged(defaults, file.read(), switches, config, versions)
    file.change(settings)
    return str(settings["api"]["key"])


def _with_requirements(plugins: Iterable[str], found: Mapping[str, FoundPlugin]) -> list[str]:
    wanted = list(plugins)
    for name in wanted:  # it grows meanwhile
        if name not in found:
            pytest.fail(f"there is no plugin {name}; there are {', '.join(sorted(found))}")
        with contextlib.suppress(Exception):  # the daemon will say why it cannot be loaded
            requires = found[name].load().triblerd_manifest().requires
            wanted += [need for need in requires if need in found and need not in wanted]
    return wanted


def _settings_versions(plugins: Iterable[FoundPlugin]) -> Settings:
    versions: dict[str, object] = {}
    for plugin in plugins:
        with contextlib.suppress(Exception):  # the daemon will say why it cannot be loaded
            version = plugin.load().triblerd_manifest().settings_version
            versions |= {plugin.name: version} if version > FIRST_VERSION else {}
    return {VERSIONS: versions} if versions else {}


def _test_settings(plugin: FoundPlugin) -> Settings:
    module = f"{plugin.entry_point.value.rpartition('.')[0]}.testing"
    with contextlib.suppress(ImportError):
        if importlib.util.find_spec(module):
            settings: Settings = getattr(importlib.import_module(module), "TEST_SETTINGS", {})
            return settings
    return {}


def _merged(*layers: Settings) -> dict[str, dict[str, object]]:
    merged: dict[str, dict[str, object]] = {}
    for layer in layers:
        for section, values in layer.items():
            merged.setdefault(section, {}).update(values)
    return merged
