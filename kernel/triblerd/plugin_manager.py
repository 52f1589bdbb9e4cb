"""Finds, checks, orders, starts, stops and restarts plugins. One broken plugin never stops the daemon."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from triblerd.config import to_plain
from triblerd.configuration import ConfigurationService, nearest
from triblerd.error_reports import ErrorReports
from triblerd.errors import FailedError, NotFoundError
from triblerd.events import EventBus, PluginChanged
from triblerd.http.router import Router
from triblerd.plugin import Manifest, PluginContext
from triblerd.plugin_discovery import FoundPlugin
from triblerd.plugin_gate import PluginGate
from triblerd.plugin_hooks import PluginHooks
from triblerd.plugin_loading import Declaration, declare
from triblerd.plugin_order import dependents, starting_order
from triblerd.plugin_records import PluginRecord, PluginState
from triblerd.plugin_runtime import PluginRuntime
from triblerd.service_registry import ServiceRegistry
from triblerd.services import PluginView
from triblerd.store import Store
from triblerd.tasks import Tasks

log = logging.getLogger(__name__)

_RESTING = frozenset({PluginState.RUNNING, PluginState.STOPPED, PluginState.DISABLED})
TURNED_OFF = "turned off in the configuration"


class UnknownPluginError(NotFoundError):
    """There is no plugin of that name."""


class PluginManager:
    """Every plugin and its life. Implements :class:`triblerd.services.PluginDirectory`.

    Args:
        found: The installed plugins.
    """

    def __init__(  # noqa: PLR0913 - it joins the kernel's parts, by keyword
        self,
        *,
        found: Iterable[FoundPlugin],
        configuration: ConfigurationService,
        router: Router,
        bus: EventBus,
        store: Store,
        services: ServiceRegistry,
        gate: PluginGate,
        reports: ErrorReports,
        state_dir: Path,
    ) -> None:
        self._records = {plugin.name: PluginRecord(plugin, self._changed) for plugin in found}
        self._configuration = configuration
        self._router = router
        self._bus = bus
        self._store = store
        self._services = services
        self._gate = gate
        self._reports = reports
        self._state_dir = state_dir
        self._hooks = PluginHooks(lambda name, reason: self._records[name].blame(reason))
        self._modules: dict[str, ModuleType] = {}
        self._declarations: dict[str, Declaration] = {}
        self._runtimes: dict[str, PluginRuntime] = {}
        self._applied: dict[str, dict[str, object]] = {}
        self._order: list[str] = []
        self._switching = asyncio.Lock()
        self.starting = ""
        configuration.know_plugins({name: not record.found.is_contrib for name, record in self._records.items()})

    # -- the daemon's side -------------------------------------------------------------------------------------

    @property
    def hooks(self) -> PluginHooks:
        """The hooks of all plugins."""
        return self._hooks

    def load(self) -> None:
        """Import and declare what shall run. Nothing of it is started."""
        for name, record in self._records.items():
            if self._configuration.is_enabled(name):
                self._load(record)
            else:
                record.move(PluginState.DISABLED, TURNED_OFF)
                self._declare_settings(record)
        self._reorder()

    async def start(self) -> None:
        """Start everything that was declared, in order."""
        async with self._switching:
            await self._upgrade()
            for name in self._order:
                await self._start(self._records[name])
            self.starting = ""

    async def context_of(self, name: str) -> PluginContext[Any]:
        """Return what a plugin would be given; it is not started.

        Raises:
            FailedError: it is turned off, or could not be loaded.
        """
        record = self._record(name)
        if not record.is_declared:
            msg = f"The plugin {name} is {record.state}: {record.reason}"
            raise FailedError(msg)
        return await self._context(name)

    async def stop(self) -> None:
        """Stop everything that runs, in reverse order."""
        async with self._switching:
            for name in reversed(self._order):
                await self._stop(self._records[name])

    async def apply(self) -> None:
        """Bring the plugins in line with the present configuration."""
        async with self._switching:
            for name, record in self._records.items():
                if not self._configuration.is_enabled(name):
                    await self._disable(record)
            for name, record in self._records.items():
                if self._configuration.is_enabled(name) and record.state is PluginState.DISABLED:
                    self._load(record)
            self._reorder()
            await self._upgrade()
            for name in [name for name in self._order if self._has_changed(name)]:
                await self._take_changes(self._records[name])
            await self._start_waiting()

    def tasks(self) -> list[Tasks]:
        """Return the tasks of each running plugin, in starting order."""
        return [self._runtimes[name].context.tasks for name in self._order if name in self._runtimes]

    # -- the directory -----------------------------------------------------------------------------------------

    def plugins(self) -> list[PluginView]:
        """Return every plugin, in starting order; those without an order come last."""
        order = [*self._order, *(name for name in self._records if name not in self._order)]
        return [self._view(self._records[name]) for name in order]

    def plugin(self, name: str) -> PluginView:
        """Return one plugin."""
        return self._view(self._record(name))

    async def enable(self, name: str) -> PluginView:
        """Turn a plugin on, here and in the file."""
        self._record(name)
        await self._configuration.change({name: {"enabled": True}})
        await self.apply()
        return self.plugin(name)

    async def disable(self, name: str) -> PluginView:
        """Turn a plugin off, here and in the file."""
        self._record(name)
        await self._configuration.change({name: {"enabled": False}})
        return self.plugin(name)

    async def reload(self, name: str) -> PluginView:
        """Restart a plugin and what requires it, with what the file says now."""
        record = self._record(name)
        self._configuration.reload()
        async with self._switching:
            if record.state is PluginState.FAILED_TO_LOAD:
                record.move(PluginState.FOUND)
                self._load(record)
                self._reorder()
            self._gate.try_again(name)
            await self._upgrade()
            await self._halt(record)
            await self._start_waiting()
        return self.plugin(name)

    # -- one plugin --------------------------------------------------------------------------------------------

    def _record(self, name: str) -> PluginRecord:
        if name not in self._records:
            msg = f"There is no plugin {name}{nearest(name, self._records)}"
            raise UnknownPluginError(msg)
        return self._records[name]

    def _load(self, record: PluginRecord) -> None:
        if record.state is PluginState.DISABLED:
            record.move(PluginState.FOUND)
        try:
            module = record.found.load()
            record.move(PluginState.IMPORTED)
            declaration = declare(record.name, module, self._hooks)
            self._configuration.declare(record.name, declaration.sections, declaration.manifest.settings_version)
            self._bus.declare(record.name, declaration.events)
            self._router.declare(record.name, declaration.endpoints, declaration.aliases)
        except Exception as error:  # a border: a plugin's life
            log.exception("The plugin %s cannot be loaded", record.name)
            self._undeclare(record.name)
            record.move(PluginState.FAILED_TO_LOAD, f"{type(error).__name__}: {error}")
            return
        self._declarations[record.name] = declaration
        record.manifest = declaration.manifest
        record.move(PluginState.DECLARED)

    def _declare_settings(self, record: PluginRecord) -> None:
        """Have what is known of the sections of a plugin that is off shown, and checked when it is changed."""
        try:
            self._configuration.declare(record.name, record.found.sections())
        except Exception:  # a border: a plugin's life
            log.exception("The settings of the plugin %s, which is turned off, are not known", record.name)

    def _undeclare(self, name: str) -> None:
        self._declarations.pop(name, None)
        self._router.retract(name)
        self._bus.retract(name)
        self._configuration.retract(name)
        self._hooks.remove(name, keep_module=False)

    def _reorder(self) -> None:
        self._order, stuck = starting_order(self._manifests())
        self._hooks.order(self._order)
        manifests = self._manifests()
        self._gate.know({name: manifests[name] for name in self._order})
        for name, reason in stuck.items():
            if self._records[name].state is PluginState.DECLARED:
                self._records[name].move(PluginState.UNMET, reason)

    def _manifests(self) -> dict[str, Manifest]:
        return {name: declaration.manifest for name, declaration in self._declarations.items()}

    async def _upgrade(self) -> None:
        """Have outdated data upgraded. What answers meanwhile is started first, and with it what upgrades."""
        outdated = await self._gate.outdated()
        if not outdated:
            return
        for name in self._order:
            record = self._records[name]
            if record.manifest.early and name not in outdated and not self._unmet(record.manifest):
                await self._start(record)
        await self._gate.upgrade(outdated)

    async def _start_waiting(self) -> None:
        for name in self._order:
            record = self._records[name]
            if record.state in (PluginState.UNMET, PluginState.STOPPED, PluginState.FAILED, PluginState.MISCONFIGURED):
                record.move(PluginState.DECLARED)
            await self._start(record)
        self.starting = ""

    async def _start(self, record: PluginRecord) -> None:
        if record.state is not PluginState.DECLARED:
            return
        if problems := self._misconfigured(record.name):
            record.move(PluginState.MISCONFIGURED, "; ".join(problems))
            return
        if unmet := self._unmet(record.manifest):
            record.move(PluginState.UNMET, unmet)
            if self._is_off(record.name):
                self._router.retract(record.name)
            return
        record.move(PluginState.ORDERED)
        record.move(PluginState.STARTING)
        self.starting = record.name
        if problem := self._gate.data_problem(record.name):
            record.move(PluginState.FAILED, problem)
            return
        runtime = PluginRuntime(
            await self._context(record.name), hooks=self._hooks, router=self._router, services=self._services
        )
        try:
            if not self._router.routes(record.name):  # they went when something that it requires was turned off
                declaration = self._declarations[record.name]
                self._router.declare(record.name, declaration.endpoints, declaration.aliases)
            await runtime.start()
        except Exception as error:  # a border: a plugin's life
            log.exception("The plugin %s failed to start", record.name)
            record.move(PluginState.FAILED, f"{type(error).__name__}: {error}")
            return
        self._runtimes[record.name] = runtime
        record.move(PluginState.RUNNING)

    async def _stop(self, record: PluginRecord) -> None:
        if record.state is PluginState.RUNNING:
            record.move(PluginState.STOPPING)
            reason = await self._runtimes.pop(record.name).stop()
            record.move(PluginState.STOPPED, reason)

    async def _halt(self, record: PluginRecord) -> None:
        """Stop a plugin after those that require it; they wait for it then."""
        needing = dependents(record.name, self._manifests())
        for name in reversed(self._order):
            if name in needing or name == record.name:
                await self._stop(self._records[name])

    async def _disable(self, record: PluginRecord) -> None:
        if record.state is PluginState.DISABLED:
            return
        await self._halt(record)
        self._undeclare(record.name)
        record.move(PluginState.DISABLED, TURNED_OFF)
        self._declare_settings(record)

    # -- configuration of one plugin ---------------------------------------------------------------------------

    def _misconfigured(self, name: str) -> list[str]:
        if problem := self._gate.settings_problem(name):
            return [problem]
        problems: list[str] = []
        types = self._configuration.section_types()
        for section in self._configuration.sections_of(name):
            if not types[section].repairs:
                problems += self._configuration.resolve(section)[1]
        return problems

    def _unmet(self, manifest: Manifest) -> str:
        for need in manifest.requires:
            record = self._records.get(need)
            if record is None:
                return f"requires {need}, which is not installed"
            if record.state is not PluginState.RUNNING:
                return f"requires {need}, which is {record.state}"
        return self._records[manifest.name].found.lacks(manifest)

    def _is_off(self, name: str) -> bool:
        """Return whether something that a plugin requires, itself or through others, is turned off."""
        off = [other for other, record in self._records.items() if record.state is PluginState.DISABLED]
        return any(name in dependents(other, self._manifests()) for other in off)

    def _sections(self, name: str) -> dict[str, Any]:
        found = {section: self._configuration.resolve(section)[0] for section in self._configuration.sections_of(name)}
        own = found.pop(name)
        return {"config": own, "sections": found}

    def _plain_sections(self, name: str) -> dict[str, object]:
        return {
            section: to_plain(self._configuration.resolve(section)[0])
            for section in self._configuration.sections_of(name)
        }

    def _has_changed(self, name: str) -> bool:
        return self._plain_sections(name) != self._applied.get(name)

    async def _take_changes(self, record: PluginRecord) -> None:
        runtime = self._runtimes.get(record.name)
        if runtime is None:
            return
        if not self._misconfigured(record.name):
            try:
                taken = runtime.reconfigure(**self._sections(record.name))
            except Exception as error:  # a border: a plugin's life
                log.exception("The plugin %s failed to take its changed settings; it is restarted", record.name)
                record.blame(f"triblerd_reconfigure: {type(error).__name__}: {error}")
                taken = False
            if taken:
                self._applied[record.name] = self._plain_sections(record.name)
                return
        await self._halt(record)

    async def _context(self, name: str) -> PluginContext[Any]:
        self._applied[name] = self._plain_sections(name)
        return PluginContext(
            name=name,
            **self._sections(name),
            state_dir=self._state_dir,
            store=self._store.view(name),
            events=self._bus,
            tasks=Tasks(name, self._reports.task_failed),
            hooks=self._hooks,
            services=self._services,
        )

    # -- what others see ---------------------------------------------------------------------------------------

    def _changed(self, record: PluginRecord) -> None:
        reason = f" ({record.reason})" if record.reason else ""
        log.log(_level(record), "Plugin %s: %s%s", record.name, record.state, reason)
        self._router.describe(record.name, record.state, record.reason)
        self._bus.publish(PluginChanged(name=record.name, state=record.state, reason=record.reason))

    def _view(self, record: PluginRecord) -> PluginView:
        name = record.name
        declaration = self._declarations.get(name)
        runtime = self._runtimes.get(name)
        return PluginView(
            name=name,
            summary=record.manifest.summary,
            version=record.manifest.version or record.found.version,
            state=record.state,
            reason=record.reason,
            enabled=self._configuration.is_enabled(name),
            origin=record.found.origin,
            requires=list(record.manifest.requires),
            after=list(record.manifest.after),
            routes=[f"{route.method} {route.path}" for route in self._router.routes(name)],
            topics=self._bus.topics(name),
            tasks=runtime.context.tasks.running() if runtime else [],
            settings_schema=declaration.settings_schema if declaration else {},
        )


def _level(record: PluginRecord) -> int:
    if record.reason and record.state is not PluginState.DISABLED:
        return logging.WARNING
    return logging.INFO if record.state in _RESTING else logging.DEBUG
