"""Does what has to be done, step by step. Whatever ends it, and when, the next start goes on where it was."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

from triblerd.errors import TriblerdError
from triblerd.events import Event
from triblerd.migration import Migration, SettingsMigration, StoreMigration
from triblerd.plugin import HookCaller
from triblerd.services import DataKind, DataVersions, Lifecycle
from triblerd_upgrader.api import UpgraderDone, UpgraderFinished, UpgraderStarted, UpgraderTick
from triblerd_upgrader.migrating.backups import Backups, Room
from triblerd_upgrader.migrating.plan import Chain, Step, plan

log = logging.getLogger(__name__)

SKIPPED = "the upgrade was ended early, and goes on at the next start"
TICK_SECONDS = 0.5

Tell = Callable[[str], None]


def _nobody(_text: str) -> None:
    """Nobody wants to know."""


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
        self._listener: Tell = _nobody

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

    async def room(self, chains: Sequence[Chain]) -> Room:
        """Return how much room that needs on the disk, and how much there is."""
        return await self._backups.room(with_store=_touch_the_store(chains))

    async def upgrade(self, plugins: Collection[str], tell: Tell = _nobody) -> Mapping[str, str]:
        """Convert what is outdated of these plugins, and return, for each of them that still is, why.

        Args:
            plugins: Their names.
            tell: Is told, too, how far it is.
        """
        chains = [chain for chain in self.plan() if chain.plugin in plugins]
        failures = {chain.plugin: chain.fault for chain in chains if chain.fault}
        chains = [chain for chain in chains if not chain.fault]
        if not chains:
            return failures
        self._is_running, self._skips, self._changed, self._listener = True, False, False, tell
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
        self._tell("Copying what is there before the upgrade...")
        try:
            backup = await self._backups.begin(with_store=_touch_the_store(chains))
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

    async def _do(self, plugin: str, step: Step) -> None:
        if self._skips:
            raise _SkippedError
        kind, migration = step
        self._tell(f"Upgrading {plugin} to version {migration.to}: {migration.summary}...")
        began = time.monotonic()
        if isinstance(migration, SettingsMigration):
            changes = migration.change(self._versions.settings())
            await self._versions.change_settings(plugin, migration.to, changes)
            self._changed = True
        else:
            await self._convert(plugin, migration)
        took = time.monotonic() - began
        what = f"The {kind.words} of {plugin} are of version {migration.to} now"
        log.info("%s (%s): %.1f s", what, migration.summary, took)

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
        self._listener(text)


def _touch_the_store(chains: Sequence[Chain]) -> bool:
    return any(step.kind is DataKind.STORE for chain in chains for step in chain.steps)
