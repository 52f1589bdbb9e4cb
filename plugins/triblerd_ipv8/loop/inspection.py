"""Looks at the event loop: its tasks, and what it complains of in its debug mode."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence

from msgspec import UNSET

from triblerd.services import Measurements
from triblerd.tasks import frames_of
from triblerd_ipv8.loop.schemas import LoopDebugging, LoopSettings, Message, TaskRow

MOST_MESSAGES = 50


class _Messages(logging.Handler):
    """Keeps the last complaints."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: deque[str] = deque(maxlen=MOST_MESSAGES)

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))


class LoopInspection:
    """Looks at the loop that runs, and changes its debug mode."""

    def __init__(self, *, measurements: Measurements) -> None:
        self._measurements = measurements
        self._messages: _Messages | None = None

    def tasks(self) -> Sequence[TaskRow]:
        """Return all tasks, and of those that belong to somebody, to whom."""
        now = time.time()
        owned = {task.name: task for task in self._measurements.tasks() if task.owner is not None}
        current = asyncio.current_task()
        rows = []
        for task in asyncio.all_tasks():
            name = task.get_name()
            manager, separator, rest = name.partition(":")
            started = getattr(task, "start_time", None)  # what the overlays' library writes down
            known = owned.get(name)
            if known is not None:
                manager, rest = str(known.owner), name.removeprefix(f"{known.owner}.")
                started = None if known.age_seconds is None else now - known.age_seconds
            belongs = known is not None or (separator and started is not None)
            rows.append(
                TaskRow(
                    name=rest if belongs else name,
                    running=task is current,
                    stack=frames_of(task),
                    taskmanager=manager if belongs else UNSET,
                    start_time=started if belongs and started is not None else UNSET,
                    interval=getattr(task, "interval", None) or UNSET,
                )
            )
        return rows

    def debugging(self) -> LoopDebugging:
        """Return what the loop complained of."""
        loop = asyncio.get_running_loop()
        kept = self._messages.kept if self._messages else ()
        return LoopDebugging(
            messages=[Message(text) for text in kept],
            enable=loop.get_debug(),
            slow_callback_duration=loop.slow_callback_duration,
        )

    def change(self, settings: LoopSettings) -> None:
        """Change the debug mode."""
        loop = asyncio.get_running_loop()
        if settings.slow_callback_duration is not UNSET:
            loop.slow_callback_duration = settings.slow_callback_duration
        if settings.enable is True:
            loop.set_debug(enabled=True)
            if self._messages is None:
                self._messages = _Messages()
                logging.getLogger("asyncio").addHandler(self._messages)
        elif settings.enable is False:
            loop.set_debug(enabled=False)
            self.forget()

    def close(self) -> None:
        """Turn the debug mode off if it was turned on here."""
        if self._messages is not None:
            asyncio.get_running_loop().set_debug(enabled=False)
            self.forget()

    def forget(self) -> None:
        """Listen no more, and forget what was heard."""
        if self._messages is not None:
            logging.getLogger("asyncio").removeHandler(self._messages)
            self._messages = None
