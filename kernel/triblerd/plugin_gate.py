"""Lets a plugin start only when what it keeps has the form that its code knows."""

import asyncio
import logging
from collections.abc import Mapping

from triblerd.data_versions import VersionLedger
from triblerd.plugin import Manifest
from triblerd.service_manager import notify
from triblerd.service_registry import ServiceRegistry
from triblerd.services import DataKind, Upgrades

log = logging.getLogger(__name__)

NOBODY_UPGRADES = "no plugin that upgrades them runs; turn the plugin upgrader on"
PATIENCE_SECONDS = 60
"""How much longer a service manager waits for the start, asked for again and again while an upgrade runs."""


class PluginGate:
    """Has outdated data upgraded before plugins start, and remembers of which ones that failed.

    Args:
        services: Where a plugin offers :class:`triblerd.services.Upgrades`.
    """

    def __init__(self, *, versions: VersionLedger, services: ServiceRegistry) -> None:
        self._versions = versions
        self._services = services
        self._failures: dict[str, str] = {}

    def know(self, manifests: Mapping[str, Manifest]) -> None:
        """Learn what the code of the plugins wants."""
        self._versions.know(manifests)

    async def outdated(self) -> set[str]:
        """Return the plugins of which something has to be upgraded, without those for which that was tried already."""
        await self._versions.settle()
        return {outdated.plugin for outdated in self._versions.outdated()} - self._failures.keys()

    def try_again(self, plugin: str) -> None:
        """Forget that the upgrade of a plugin failed, or was skipped."""
        self._failures.pop(plugin, None)

    async def upgrade(self, plugins: set[str]) -> None:
        """Have the data of these upgraded; what is not, ``data_problem`` and ``settings_problem`` tell."""
        upgrades = self._services.find(Upgrades)
        if upgrades is None:
            return
        patience = asyncio.create_task(_ask_for_patience())
        try:
            self._failures |= await upgrades.upgrade(plugins)
        except Exception as error:  # a border: a plugin's life
            log.exception("The upgrade failed")
            self._failures |= dict.fromkeys(plugins, f"{type(error).__name__}: {error}")
        finally:
            patience.cancel()

    def data_problem(self, plugin: str) -> str:
        """Say why a plugin cannot work on its data; an empty text when it can."""
        return self._problem(plugin, DataKind.STORE)

    def settings_problem(self, plugin: str) -> str:
        """Say why a plugin's sections are not those that it knows; an empty text when they are."""
        return self._problem(plugin, DataKind.SETTINGS)

    def _problem(self, plugin: str, kind: DataKind) -> str:
        if newer := self._versions.newer(plugin, kind):
            return newer
        outdated = self._versions.find_outdated(plugin, kind)
        return f"{outdated}: {self._failures.get(plugin, NOBODY_UPGRADES)}" if outdated else ""


async def _ask_for_patience() -> None:
    while True:
        notify(f"EXTEND_TIMEOUT_USEC={PATIENCE_SECONDS * 1_000_000}")
        await asyncio.sleep(PATIENCE_SECONDS / 2)
