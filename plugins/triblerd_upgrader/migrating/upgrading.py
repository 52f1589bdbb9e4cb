"""Does what has to be done, step by step. Whatever ends it, and when, the next start goes on where it was."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

from triblerd.errors import TriblerdError
from triblerd.events import Event
from triblerd.migration import Migration, SettingsMigration, StoreMigration
from triblerd.plugin import HookCaller
from triblerd.services import DataVersions, Lifecycle
from triblerd_upgrader.api import UpgraderDone, UpgraderFinished, UpgraderStarted, UpgraderTick
from triblerd_upgrader.migrating.backups import Backups
from triblerd_upgrader.migrating.plan import Chain, plan

log = logging.getLogger(__name__)

SKIPPED = "the upgrade was ended early, and goes on at the next start"
TICK_SECONDS = 0.5


class _SkippedError(Exception):
    """The user wants no more of it."""


class Upgrader:
    """Implements :class:`triblerd.services.Upgrades`.

    Args:
        hooks: Asked for the steps of each plugin.
    """

    def __init__(
        self,
        *,
        versions: DataVersions,
        hooks: HookCaller,
        backups: Backups,
        lifecycle: Lifecycle,
        publish: Callable[[Event], None],
    ) -> None:
        self._versions = versions
        self._hooks = hooks
        self._backups = backups
        self._lifecycle = lifecycle
        self._publish = publish
        self._is_running = False
        self._skips = False
        self._changed = False
        self._told = 0.0

    @property
    def is_running(self) -> bool:
        """Whether something is being converted."""
        return self._is_running

    def skip(self) -> None:
        """End a running upgrade early: the piece that is worked on is finished, what is left stays as it is."""
        self._skips = True

    def plan(self) -> list[Chain]:
        """Return what has to be done."""
        outdated = self._versions.outdated()
        if not outdated:
            return []
        answers = self._hooks.call_each("triblerd_migrations")
        return plan(outdated, {name: list(cast("Sequence[Migration]", steps)) for name, steps in answers})

    async def upgrade(self, plugins: Collection[str]) -> Mapping[str, str]:
        """Convert what is outdated of these plugins, and return, for each of them that still is, why."""
        chains = [chain for chain in self.plan() if chain.plugin in plugins]
        failures = {chain.plugin: chain.fault for chain in chains if chain.fault}
        chains = [chain for chain in chains if not chain.fault]
        if not chains:
            return failures
        self._is_running, self._skips, self._changed = True, False, False
        self._publish(UpgraderStarted(plugins=tuple(chain.plugin for chain in chains)))
        try:
            failures |= await self._upgrade(chains)
        finally:
            self._is_running = False
            self._lifecycle.upgrading("")
        self._publish(UpgraderFinished(failures=failures))
        self._publish(UpgraderDone())
        return failures

    async def _upgrade(self, chains: Sequence[Chain]) -> dict[str, str]:
        with_store = any(isinstance(step, StoreMigration) for chain in chains for step in chain.steps)
        self._tell("Copying what is there before the upgrade...")
        try:
            backup = await self._backups.begin(with_store=with_store)
        except TriblerdError as error:
            log.error("Nothing is upgraded: %s", error)  # noqa: TRY400 - the text says it all
            return dict.fromkeys([chain.plugin for chain in chains], str(error))
        failures: dict[str, str] = {}
        for chain in chains:
            try:
                for step in chain.steps:
                    await self._do(chain.plugin, step)
            except _SkippedError:
                failures[chain.plugin] = SKIPPED
            except Exception as error:  # a border: a plugin's life
                log.exception("The data of %s are not upgraded", chain.plugin)
                text = str(error) if isinstance(error, TriblerdError) else f"{type(error).__name__}: {error}"
                failures[chain.plugin] = f"the upgrade failed ({text})"
        await self._backups.end(backup, changed=self._changed)
        return failures

    async def _do(self, plugin: str, step: Migration) -> None:
        if self._skips:
            raise _SkippedError
        self._tell(f"Upgrading {plugin} to version {step.to}: {step.summary}...")
        began = time.monotonic()
        if isinstance(step, SettingsMigration):
            await self._versions.change_settings(plugin, step.to, step.change(self._versions.settings()))
            self._changed = True
        else:
            await self._convert(plugin, step)
        kind = "settings" if isinstance(step, SettingsMigration) else "data"
        took = time.monotonic() - began
        log.info("The %s of %s are of version %d now (%s): %.1f s", kind, plugin, step.to, step.summary, took)

    async def _convert(self, plugin: str, step: StoreMigration) -> None:
        piece = await step.prepare(self._versions.view(plugin))
        while (reached := await self._versions.convert(plugin, step.to, piece)) is not None:
            self._changed = True
            if self._skips:
                raise _SkippedError
            if time.monotonic() - self._told >= TICK_SECONDS:
                far = f", {reached.done:,} of {reached.total:,}" if reached.total else ""
                self._tell(f"Upgrading {plugin} to version {step.to}: {step.summary}{far}...")
        self._changed = True

    def _tell(self, text: str) -> None:
        self._told = time.monotonic()
        self._lifecycle.upgrading(text)
        self._publish(UpgraderTick(text=text))
