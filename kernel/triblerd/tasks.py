"""Background tasks with an owner: named, listed, ended with it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated

import msgspec
from msgspec import Meta

log = logging.getLogger(__name__)


class TaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One background task as clients see it."""

    name: Annotated[str, Meta(description="Owner and task, as `downloads.checkpoint`")]
    age_seconds: Annotated[float, Meta(description="Seconds since it was started")]


class Tasks:
    """The background tasks of one owner.

    Args:
        owner: The first part of every task's name.
        on_error: Called with each exception that a task did not catch.
    """

    def __init__(self, owner: str, on_error: Callable[[str, BaseException], None]) -> None:
        self._owner = owner
        self._on_error = on_error
        self._tasks: dict[asyncio.Task[None], float] = {}

    def start(self, name: str, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run ``work`` until it ends or the owner stops. A failure is logged and ends this task alone."""
        task = asyncio.get_running_loop().create_task(self._watched(name, work), name=f"{self._owner}.{name}")
        self._tasks[task] = time.monotonic()
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        task.add_done_callback(lambda _: work.close())  # which was never begun if the task was cancelled at once
        return task

    def every(
        self, seconds: float | Callable[[], float], name: str, function: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Await ``function()`` again and again, ``seconds`` after the last round ended. A failed round is logged.

        Args:
            seconds: The pause between two rounds; a function is asked anew before each pause.
            name: The task's name, without the owner.
            function: One round.
        """

        async def rounds() -> None:
            while True:
                await asyncio.sleep(seconds() if callable(seconds) else seconds)
                await self._watched(name, function())

        return self.start(name, rounds())

    def running(self) -> list[TaskInfo]:
        """Return the tasks that have not ended, oldest first."""
        now = time.monotonic()
        return [
            TaskInfo(name=task.get_name(), age_seconds=round(now - started, 3)) for task, started in self._tasks.items()
        ]

    async def close(self, limit_seconds: float = 5.0) -> None:
        """Cancel every task and wait for its end, at most ``limit_seconds``."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=limit_seconds)
            for task in pending:
                log.error("The task %s ignores its cancellation", task.get_name())

    async def _watched(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # a border: a background task
            log.exception("The task %s.%s failed", self._owner, name)
            self._on_error(f"{self._owner}.{name}", error)
