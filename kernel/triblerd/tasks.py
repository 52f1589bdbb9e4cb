"""Background tasks with an owner: named, listed, ended with it."""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import AsyncGeneratorType, FrameType
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from triblerd.errors import UnavailableError

T = TypeVar("T")

log = logging.getLogger(__name__)

_WAITERS = ("cr", "gi", "ag")  # coroutines, generators, asynchronous generators: how inspect's attributes begin
_STEPS = frozenset({"async_generator_asend", "async_generator_athrow"})
_MOST_FRAMES = 100


class TaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One background task as clients see it."""

    name: Annotated[str, Meta(description="Owner and task, as `downloads.checkpoint`")]
    age_seconds: Annotated[float, Meta(description="Seconds since it was started")]


class WaitingTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task and what it waits for."""

    name: Annotated[str, Meta(description="Owner and task, as `downloads.checkpoint`")]
    owner: Annotated[
        str | None, Meta(description="The plugin that started it, or `kernel`; null for tasks without an owner")
    ]
    age_seconds: Annotated[float | None, Meta(description="Seconds since it was started; null without an owner")]
    frames: Annotated[
        list[str], Meta(description="Where it waits, innermost first, as `module:line function`; empty when it is done")
    ]


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

    async def finish(self, name: str, work: Coroutine[object, object, T]) -> T:
        """Return what ``work`` returns. It goes on when the caller is cancelled, until it ends or the owner stops.

        For what must not be left half done. Its failure is logged when nobody waits for it any more.

        Raises:
            UnavailableError: the owner stops.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()  # which the caller's end cancels, alone

        async def told() -> None:
            try:
                result = await work
            except Exception as error:
                if outcome.done():
                    raise
                outcome.set_exception(error)
            else:
                if not outcome.done():
                    outcome.set_result(result)

        def ended(_: object) -> None:
            work.close()  # which was never begun if the task was cancelled at once
            if not outcome.done():
                outcome.set_exception(UnavailableError(f"{self._owner} is being stopped"))

        self.start(name, told()).add_done_callback(ended)
        return await outcome

    def running(self) -> list[TaskInfo]:
        """Return the tasks that have not ended, oldest first."""
        now = time.monotonic()
        return [
            TaskInfo(name=task.get_name(), age_seconds=round(now - started, 3)) for task, started in self._tasks.items()
        ]

    def waiting(self) -> dict[asyncio.Task[None], WaitingTask]:
        """Return the tasks that have not ended, oldest first, and where they wait."""
        now = time.monotonic()
        return {
            task: WaitingTask(
                name=task.get_name(), owner=self._owner, age_seconds=round(now - started, 3), frames=frames_of(task)
            )
            for task, started in self._tasks.items()
        }

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


def frames_of(task: asyncio.Task[Any]) -> list[str]:
    """Return where a task waits, innermost first, as ``module:line function``; nothing of the values in there.

    ``Task.get_stack`` knows the outermost frame of a waiting task alone; the coroutines that it awaits tell the rest.
    """
    frames: list[str] = []
    waiting: Any = task.get_coro()
    while waiting is not None and len(frames) < _MOST_FRAMES:
        if type(waiting).__name__ in _STEPS:  # one step of an asynchronous generator, which it does not name
            waiting = next((part for part in gc.get_referents(waiting) if isinstance(part, AsyncGeneratorType)), None)
        kind = next((kind for kind in _WAITERS if hasattr(waiting, f"{kind}_frame")), None)
        if kind is None:
            break
        if (frame := getattr(waiting, f"{kind}_frame")) is not None:
            frames.append(place_of(frame))
        waiting = getattr(waiting, f"{kind}_await" if kind != "gi" else "gi_yieldfrom")
    return frames[::-1]


def place_of(frame: FrameType, line: int | None = None) -> str:
    """Return ``module:line function`` of a frame.

    Args:
        frame: Of any thread or task.
        line: The line, where the frame is past it.
    """
    code = frame.f_code
    module = frame.f_globals.get("__name__") or code.co_filename
    return f"{module}:{line or frame.f_lineno} {code.co_qualname}"
