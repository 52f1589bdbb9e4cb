"""Programs of our own in processes of their own, for work that would hold the interpreter, or could end it.

Both sides send frames: a length (8 bytes, big-endian), and so many bytes. A helper answers what it is asked, one after
the other, and ends when nothing more can come, which is also how it notices that the daemon was killed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

Answering = Callable[[bytes], Iterable[bytes]]
"""Yields the frames that answer a frame."""

IDLE_SECONDS = 30.0
_LENGTH_BYTES = 8
_EXIT_SECONDS = 5.0
_CHUNK = 256 * 1024
_BUFFER = 1024 * 1024
_NICER = 5  # than the daemon, which has clients to answer


class HelperDiedError(Exception):
    """The process ended in the middle of its work.

    Attributes:
        code: Its exit code; minus the number of a signal.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class HelperClosedError(Exception):
    """No process is started any more."""


class HelperPipe:
    """The way to a process that runs, and back."""

    def __init__(self, requests: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._requests = requests
        self._answers = answers

    async def send(self, frame: bytes) -> None:
        """Send a frame."""
        self._requests.write(len(frame).to_bytes(_LENGTH_BYTES))
        for part in _parts(frame):
            self._requests.write(part)
            await self._requests.drain()

    async def receive(self) -> bytes:
        """Return the next frame that comes back."""
        frame = await self._answers.readexactly(int.from_bytes(await self._answers.readexactly(_LENGTH_BYTES)))
        await asyncio.sleep(0)  # others first: the next frame may be here already
        return frame


class HelperProcess:
    """A process that is started when it is needed, replaced when it dies, and ended when it had nothing to do.

    Args:
        module: What it runs, see ``serve``.
        arguments: What it is given.
        idle_seconds: How long it stays when there is nothing to do.
    """

    def __init__(self, module: str, *arguments: str, idle_seconds: float = IDLE_SECONDS) -> None:
        self._command = (sys.executable, "-P", "-m", module, *arguments)  # -P: not from the working directory
        self._idle_seconds = idle_seconds
        self._process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._busy = asyncio.Lock()
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process, ``None`` while there is none."""
        return self._process.pid if self._process is not None else None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[HelperPipe]:
        """Have the process for oneself.

        Who leaves by an exception ends the process: what it still has to say is nobody's answer.

        Raises:
            HelperDiedError: it ended meanwhile; a new one may be asked.
            HelperClosedError: it was closed.
            OSError: it cannot be started.
        """
        async with self._busy:
            self._cancel_idle()
            try:
                process = await self._started()
                assert process.stdin is not None  # noqa: S101 - it is a pipe
                assert process.stdout is not None  # noqa: S101 - so is this
                try:
                    yield HelperPipe(process.stdin, process.stdout)
                except (asyncio.IncompleteReadError, ConnectionError) as error:
                    raise HelperDiedError(await self._ended(process)) from error
                except BaseException:
                    await self._kill()
                    raise
            finally:
                self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)

    async def close(self) -> None:
        """End the process, whatever it does, and start no other; who waits for an answer is told that it died."""
        self._is_closed = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        async with self._busy:
            self._cancel_idle()
            await self._kill()

    async def _started(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._is_closed:
            raise HelperClosedError
        # In a session of its own: a Ctrl-C is meant for the daemon, which ends this process in its own time.
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=_BUFFER, start_new_session=True
        )
        return self._process

    async def _ended(self, process: Process) -> int:
        """Return the exit code of the process, which has closed its output."""
        self._process = None
        try:
            # A signal now would ask for the exit code first, which can be had just once.
            async with asyncio.timeout(_EXIT_SECONDS):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            if process.stdout is not None:
                await process.stdout.read()  # up to its end, or asyncio would not let go of it
            await process.wait()

    def _end(self) -> None:
        """Let the process go; it ends when there can be no more requests."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def serve(answers_to: Answering) -> None:
    """Answer what comes, as the process of a ``HelperProcess``, until nothing more can come.

    Args:
        answers_to: Called with each frame.
    """
    with suppress(OSError):  # forbidden to a service without @resources
        os.nice(_NICER)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        for request in _frames(requests):
            for answer in answers_to(request):
                answers.write(len(answer).to_bytes(_LENGTH_BYTES))
                answers.write(answer)
            answers.flush()
    except (BrokenPipeError, EOFError):  # the daemon is gone
        os._exit(1)


def _frames(pipe: BinaryIO) -> Iterator[bytes]:
    while length := pipe.read(_LENGTH_BYTES):
        size = int.from_bytes(length)
        frame = pipe.read(size)
        if len(frame) < size:
            raise EOFError
        yield frame


def _parts(frame: bytes) -> Iterator[memoryview]:
    view = memoryview(frame)
    return (view[first : first + _CHUNK] for first in range(0, len(view), _CHUNK))
