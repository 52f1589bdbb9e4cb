"""What the daemon says of itself: its phase, its plugins, and what the kernel measures."""

from collections.abc import Iterator

from triblerd.metrics import Metric
from triblerd.services import Lifecycle, Measurements, Phase, PluginDirectory


class KernelSource:
    """Asks the kernel's services."""

    def __init__(self, *, lifecycle: Lifecycle, directory: PluginDirectory, measurements: Measurements) -> None:
        self._lifecycle = lifecycle
        self._directory = directory
        self._measurements = measurements

    async def read(self) -> list[Metric]:
        """Return the kernel's figures."""
        return [*self._daemon(), *self._plugins(), *self._loop(), *self._events(), *self._store()]

    def _daemon(self) -> Iterator[Metric]:
        lifecycle = self._lifecycle
        yield Metric("build_info", "The daemon's version; the value is 1.", {lifecycle.version: 1}, ("version",))
        phases = {phase.lower(): int(phase is lifecycle.phase) for phase in Phase}
        yield Metric("phase", "1 for the phase that the daemon is in, 0 for the others.", phases, ("phase",))

    def _plugins(self) -> Iterator[Metric]:
        plugins = self._directory.plugins()
        states = {(plugin.name, plugin.state): 1 for plugin in plugins}
        yield Metric("plugin_state", "The state that a plugin is in; the value is 1.", states, ("plugin", "state"))
        enabled = {plugin.name: int(plugin.enabled) for plugin in plugins}
        yield Metric("plugin_enabled", "1 if the settings want the plugin to run.", enabled, ("plugin",))
        tasks = {plugin.name: len(plugin.tasks) for plugin in plugins}
        yield Metric("plugin_tasks", "Background tasks that run.", tasks, ("plugin",))

    def _loop(self) -> Iterator[Metric]:
        lag = self._measurements.loop_lag()
        yield Metric("event_loop_lag_seconds", "How long the event loop kept work waiting, by its turns.", lag)

    def _events(self) -> Iterator[Metric]:
        figures = self._measurements.events()
        yield Metric("events_published_total", "Events published.", figures.published, ("topic",))
        yield Metric("events_lost_total", "Events dropped from full queues of listeners.", figures.lost)
        yield Metric("event_listener_failures_total", "Times that a listener raised an error.", figures.failed)
        yield Metric("event_listeners", "Who listens to events now.", figures.listeners)

    def _store(self) -> Iterator[Metric]:
        figures = self._measurements.store()
        yield Metric("store_file_bytes", "Size of the store's file, free pages included.", figures.file_size)
        yield Metric("store_map_bytes", "Address space reserved for the store.", figures.map_size)
        sizes = {table.name: table.size for table in figures.tables}
        yield Metric("store_table_bytes", "Size of a table's pages.", sizes, ("table",))
        entries = {table.name: table.entries for table in figures.tables}
        yield Metric("store_table_entries", "Keys in a table.", entries, ("table",))
        yield Metric("store_commit_duration_seconds", "How long commits took.", figures.commits)
        yield Metric("store_writes_total", "Writes committed; many share a commit.", figures.jobs)
        yield Metric("store_write_failures_total", "Writes that failed.", figures.failed)
        yield Metric("store_writes_waiting", "Writes that wait for the next commit.", figures.waiting)
