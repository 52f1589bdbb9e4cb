"""Calls that ask a disk which may never answer, such as a network disk whose server is gone."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from triblerd.errors import FailedError

T = TypeVar("T")


class DiskTimeoutError(FailedError):
    """A disk did not answer in time."""


class DiskCalls:
    """Runs blocking functions in threads that nobody has to wait for.

    A call that hangs in the system cannot be ended. Those of ``asyncio.to_thread`` would take a place in a pool that
    everybody shares, and the daemon could not stop before they end. Here a thread is left behind, and ends with the
    process.

    Args:
        most: How many calls run at the same time, those that are left behind included.
    """

    def __init__(self, *, most: int = 8) -> None:
        self._free = asyncio.Semaphore(most)

    async def run(self, function: Callable[[], T], *, limit_seconds: float | None = None) -> T:
        """Return what ``function`` returns; what it raises comes out.

        Args:
            function: Takes no arguments, and goes on if nobody waits for it any more.
            limit_seconds: How long to wait for a free thread and for the answer together; ``None`` is for ever.

        Raises:
            DiskTimeoutError: the answer takes longer.
        """
        try:
            async with asyncio.timeout(limit_seconds) as limit:
                await self._free.acquire()
                return await self._begin(function)
        except TimeoutError as error:
            if not limit.expired():  # the system gave up by itself
                raise
            msg = f"The disk does not answer within {limit_seconds:g} s"
            raise DiskTimeoutError(msg) from error

    def _begin(self, function: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def ended(result: T | None, error: BaseException | None) -> None:
            self._free.release()
            if answer.done():  # nobody waits any more
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(cast("T", result))

        def work() -> None:
            result, failure = None, None
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - it comes out of run()
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(ended, result, failure)

        try:
            threading.Thread(target=work, name="disk", daemon=True).start()
        except RuntimeError:  # there are too many threads in the system
            self._free.release()
            raise
        return answer
