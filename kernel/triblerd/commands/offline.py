"""What the installed plugins declare, looked at without a daemon."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from triblerd.configuration import ConfigurationLayers, ConfigurationService
from triblerd.plugin_discovery import FoundPlugin, find_plugins
from triblerd.plugin_hooks import PluginHooks
from triblerd.plugin_loading import Declaration, declare
from triblerd.plugin_order import starting_order
from triblerd.settings_file import FILE_NAME, SettingsFile
from triblerd.settings_template import settings_text


class Installation:
    """The plugins and the settings of one state directory. Everything that is enabled is imported.

    Attributes:
        found: Every installed plugin, by name.
        declarations: What the enabled ones declare.
        faults: Why others of them cannot be loaded.

    Raises:
        BrokenSettingsError: the settings file cannot be read.
    """

    def __init__(self, state_dir: Path) -> None:
        self.file = SettingsFile(state_dir / FILE_NAME)
        layers = ConfigurationLayers(self.file, os.environ, {})
        layers.read()
        self.configuration = ConfigurationService(file=self.file, layers=layers)
        self.found: dict[str, FoundPlugin] = {plugin.name: plugin for plugin in find_plugins()}
        self.configuration.know_plugins({name: not plugin.is_contrib for name, plugin in self.found.items()})
        self.declarations: dict[str, Declaration] = {}
        self.faults: dict[str, str] = {}
        hooks = PluginHooks(lambda _name, _reason: None)
        for name in filter(self.configuration.is_enabled, self.found):
            self._load(name, hooks)
        for name in self.found.keys() - self.declarations.keys() - self.faults.keys():
            self._declare_settings(name)

    def reasons(self) -> dict[str, str]:
        """Return, for each enabled plugin that cannot run, why."""
        manifests = {name: declaration.manifest for name, declaration in self.declarations.items()}
        order, stuck = starting_order(manifests)
        reasons = self.faults | stuck
        for name in order:
            for need in manifests[name].requires:
                if need not in self.found:
                    reasons[name] = f"requires {need}, which is not installed"
                elif need not in manifests or need in reasons:
                    reasons[name] = f"requires {need}, which does not run"
            if name not in reasons and (lacking := self.found[name].lacks(manifests[name])):
                reasons[name] = lacking
        return reasons

    async def change(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Check and store changes of the settings; the file is made when there is none yet.

        Raises:
            TriblerdError: see :meth:`triblerd.services.Configuration.change`.
        """
        if not self.file.exists():
            self.file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            plugins = {name: not plugin.is_contrib for name, plugin in self.found.items()}
            self.file.create(settings_text(self.configuration.section_types(), plugins, secrets.token_hex(16)))
            self.configuration.reload()
        await self.configuration.change(changes)

    def _declare_settings(self, name: str) -> None:
        try:
            self.configuration.declare(name, self.found[name].sections())
        except Exception as error:  # noqa: BLE001 - a border: a plugin's life
            self.faults[name] = f"{type(error).__name__}: {error}"

    def _load(self, name: str, hooks: PluginHooks) -> None:
        try:
            declaration = declare(name, self.found[name].load(), hooks)
            self.configuration.declare(name, declaration.sections, declaration.manifest.settings_version)
        except Exception as error:  # noqa: BLE001 - a border: a plugin's life
            self.faults[name] = f"{type(error).__name__}: {error}"
        else:
            self.declarations[name] = declaration
