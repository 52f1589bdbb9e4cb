"""The commands that plugins add to ``triblerd``, found without a daemon."""

import contextlib
import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from triblerd.configuration import ConfigurationLayers, ConfigurationService
from triblerd.errors import TriblerdError
from triblerd.plugin_discovery import FoundPlugin, find_plugins
from triblerd.plugin_hooks import PluginHooks
from triblerd.settings_file import FILE_NAME, SettingsFile
from triblerd.state_dir import StateDirectory


class PluginCommands:
    """Imports plugins only as far as a command is not found yet: each import takes time.

    Args:
        state_dir: Its settings say which plugins are enabled; ``None`` means the usual one.

    Attributes:
        faults: Why the commands of some plugins are missing, by plugin.
    """

    def __init__(self, state_dir: Path | None) -> None:
        found = find_plugins()
        configuration = _configuration(state_dir, found)
        enabled = [plugin for plugin in found if configuration.is_enabled(plugin.name)]
        self._plugins = sorted(enabled, key=lambda plugin: not _has_commands_module(plugin))  # it saves imports
        self._known: dict[str, Mapping[str, click.Command]] = {}
        self.faults = {
            plugin.name: "it is turned off" for plugin in found if not plugin.is_contrib and plugin not in enabled
        }

    def find(self, name: str) -> click.Command | None:
        """Return the command of that name, if a plugin has one."""
        return next((command for plugin in self._plugins if (command := self._commands_of(plugin).get(name))), None)

    def names(self) -> list[str]:
        """Return the names of all commands."""
        return [name for plugin in self._plugins for name in self._commands_of(plugin)]

    def _commands_of(self, plugin: FoundPlugin) -> Mapping[str, click.Command]:
        if plugin.name not in self._known:
            try:
                self._known[plugin.name] = {command.name or "": command for command in _ask(plugin)}
            except Exception as error:  # noqa: BLE001 - a border: a plugin's life
                self._known[plugin.name] = {}
                self.faults[plugin.name] = f"{type(error).__name__}: {error}"
        return self._known[plugin.name]


def _ask(plugin: FoundPlugin) -> Iterable[click.Command]:
    hooks = PluginHooks(lambda _name, _reason: None)
    hooks.add(plugin.name, plugin.load())
    for answer in hooks.call(plugin.name, "triblerd_commands"):
        yield from answer  # type: ignore[misc]


def _configuration(state_dir: Path | None, found: Iterable[FoundPlugin]) -> ConfigurationService:
    file = SettingsFile(StateDirectory.find(state_dir).path / FILE_NAME)
    layers = ConfigurationLayers(file, os.environ, {})
    with contextlib.suppress(TriblerdError):  # what is wrong with the file, a command that needs it will say
        layers.read()
    configuration = ConfigurationService(file=file, layers=layers)
    configuration.know_plugins({plugin.name: not plugin.is_contrib for plugin in found})
    return configuration


def _has_commands_module(plugin: FoundPlugin) -> bool:
    package = plugin.entry_point.value.rpartition(".")[0]
    try:
        return importlib.util.find_spec(f"{package}.commands") is not None
    except (ImportError, ValueError):
        return False
