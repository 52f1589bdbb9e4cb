"""What the kernel measures of itself, in one place for whoever shows it."""

import asyncio
from collections.abc import Callable, Iterable

from triblerd.events import EventBus, EventFigures
from triblerd.histogram import Distribution, Histogram
from triblerd.store import Store
from triblerd.store_figures import StoreFigures
from triblerd.tasks import Tasks, WaitingTask, frames_of


class KernelMeasurements:
    """Implements :class:`triblerd.services.Measurements`.

    Args:
        lag: The event loop's lag.
        owners: Returns the tasks of each owner.
    """

    def __init__(self, *, lag: Histogram, bus: EventBus, store: Store, owners: Callable[[], Iterable[Tasks]]) -> None:
        self._lag = lag
        self._bus = bus
        self._store = store
        self._owners = owners

    def loop_lag(self) -> Distribution:
        """Return how long the event loop kept others waiting."""
        return self._lag.read()

    def events(self) -> EventFigures:
        """Return what the event bus has done."""
        return self._bus.figures()

    def store(self) -> StoreFigures:
        """Return the store's figures."""
        return self._store.figures()

    def tasks(self) -> list[WaitingTask]:
        """Return every task of the event loop, those of owners first."""
        owned = {task: waiting for owner in self._owners() for task, waiting in owner.waiting().items()}
        others = [
            WaitingTask(name=task.get_name(), owner=None, age_seconds=None, frames=frames_of(task))
            for task in asyncio.all_tasks() - owned.keys()
        ]
        return [*owned.values(), *sorted(others, key=lambda task: task.name)]
