"""A pytest plugin for authors of plugins: real daemons in temporary directories, and a client for them.

``start_daemon`` runs a daemon inside of the test's event loop, ``daemon_process`` runs the real program in a process
of its own, for tests that kill it. Both listen on 127.0.0.1 alone, on a port that the system picks. pytest loads this
module in every run, so that it imports the daemon only when a test wants one.
"""

import asyncio
import contextlib
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import pytest

from triblerd.events import Event, Subscription
from triblerd.testing_client import Answer, DaemonClient, EventStream

__all__ = [
    "Answer",
    "DaemonClient",
    "DaemonProcess",
    "EventStream",
    "RunningDaemon",
    "Settings",
    "StartDaemon",
    "StartProcess",
    "daemon_process",
    "start_daemon",
    "wait_for",
]

Settings = Mapping[str, Mapping[str, object]]
"""Sections of ``triblerd.conf``, each a mapping of keys to values."""

START_LIMIT = 20.0
STOP_LIMIT = 20.0
POLL_SECONDS = 0.02


async def wait_for(condition: Callable[[], Any], limit_seconds: float = 10.0, *, what: str = "") -> Any:
    """Return the first true answer of ``condition``, which is asked again and again.

    Args:
        condition: A plain or a coroutine function without arguments. What it raises comes out at once.
        limit_seconds: How long to go on asking.
        what: What is waited for, for the message.

    Raises:
        TimeoutError: no answer was true in time; the message shows the last one.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        if time.monotonic() > deadline:
            msg = f"{what or _source(condition)}: still {answer!r} after {limit_seconds} s"
            raise TimeoutError(msg)
        await asyncio.sleep(POLL_SECONDS)


def _source(condition: Callable[[], Any]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):  # not a function of a file
        return repr(condition)


class RunningDaemon(DaemonClient):
    """A daemon in the event loop of the test.

    Attributes:
        daemon: The :class:`triblerd.daemon.Daemon` itself.
    """

    def __init__(self, state_dir: Path, key: str, extra_plugins: Sequence[EntryPoint] = ()) -> None:
        super().__init__(state_dir, key)
        self._extra_plugins = extra_plugins

    async def start(self) -> Self:
        """Start it, and wait until every plugin was started."""
        from triblerd.daemon import Daemon  # noqa: PLC0415 - other projects' test runs do not need it
        from triblerd.options import RunOptions  # noqa: PLC0415

        self.daemon = Daemon(RunOptions(state_dir=self.state_dir, extra_plugins=self._extra_plugins))
        await self.daemon.start()
        self.port = self.daemon.ports["http"]
        await self.open_client()
        try:
            async with asyncio.timeout(START_LIMIT):
                await self.daemon.wait_started()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """Stop it in order; a second call changes nothing."""
        await self.close_client()
        if self.port:
            self.port = 0
            async with asyncio.timeout(STOP_LIMIT):
                await self.daemon.stop()

    def events(self, *types: type[Event], limit: int = 1000) -> AbstractContextManager[Subscription]:
        """Capture what is published on the bus meanwhile: events of these types, or of all types."""
        return self.daemon.container.bus().subscribe(*types, limit=limit)


class DaemonProcess(DaemonClient):
    """The real program in a process of its own: it can be killed and started again on the same state directory.

    Attributes:
        log_path: What the program printed, in all its lives.
    """

    def __init__(self, state_dir: Path, key: str, arguments: Iterable[str], environment: Mapping[str, str]) -> None:
        super().__init__(state_dir, key)
        self._command = [sys.executable, "-m", "triblerd", "--state-dir", str(state_dir), *arguments]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = state_dir.with_name(state_dir.name + ".output")

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._running().pid

    @property
    def output(self) -> str:
        """What the program printed so far."""
        return self.log_path.read_text(errors="replace")

    async def start(self, limit_seconds: float = START_LIMIT, *, wait_started: bool = True) -> Self:
        """Start the program and wait until it answers.

        Args:
            limit_seconds: How long that may take.
            wait_started: Wait also until every plugin was started.
        """
        self._spawn()
        await self.open_client()
        self.port = await wait_for(self._announced_port, limit_seconds, what="the daemon's address")
        if wait_started:
            await wait_for(self._is_started, limit_seconds, what="the start of all plugins")
        return self

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        process = self._running()
        process.kill()
        process.wait()
        self._gone()

    async def stop(self, limit_seconds: float = STOP_LIMIT, *, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, by a signal, and return its exit code."""
        self._running().send_signal(by)
        return await self.wait_for_exit(limit_seconds)

    async def wait_for_exit(self, limit_seconds: float = STOP_LIMIT) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        process = self._running()
        await wait_for(lambda: process.poll() is not None, limit_seconds, what="the end of the daemon")
        self._gone()
        return process.returncode

    async def restart(self) -> Self:
        """Stop it in order and start it again."""
        await self.stop()
        return await self.start()

    async def close(self) -> None:
        """Stop it if it runs, by force if need be, and close all connections."""
        await self.close_client()
        if self._process is not None:
            try:
                await self.stop()
            except TimeoutError:
                self.kill()
                raise

    def _spawn(self) -> None:
        if self._process is not None:
            pytest.fail("the daemon runs already")
        with self.log_path.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, env=self._environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            pytest.fail("the daemon does not run")
        return self._process

    def _gone(self) -> None:
        self._process = None
        self.port = 0

    def _announced_port(self) -> int:
        process = self._running()
        if process.poll() is not None:
            self._gone()
            pytest.fail(f"the daemon ended with {process.returncode} and said:\n{self.output[-4000:]}")
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            address = json.loads((self.state_dir / "triblerd.address").read_text())
            if address["pid"] == process.pid:  # the file of a killed one may still be there
                return urlsplit(address["http"]).port or 0
        return 0

    async def _is_started(self) -> bool:
        self._announced_port()  # fails the test when the process has ended
        return bool((await self.get("/healthz"))["phase"] == "STARTED")


class StartDaemon(Protocol):
    """What the fixture ``start_daemon`` offers."""

    def __call__(
        self,
        *plugins: str,
        config: Settings | None = None,
        state_dir: Path | None = None,
        extra_plugins: Sequence[EntryPoint] = (),
    ) -> AbstractAsyncContextManager[RunningDaemon]:
        """Run a daemon with these plugins and what they require, and no others.

        Args:
            plugins: Names of plugins.
            config: Settings to write into ``triblerd.conf`` before the start.
            state_dir: Where the daemon lives; by default one directory for all daemons of the test, so that the
                second one finds what the first one left.
            extra_plugins: Entry points of plugins that are not installed, to be named among ``plugins``, too.
        """


class StartProcess(Protocol):
    """What the fixture ``daemon_process`` offers."""

    def __call__(
        self,
        *plugins: str,
        config: Settings | None = None,
        state_dir: Path | None = None,
        arguments: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[DaemonProcess]:
        """Run the program with these plugins, as :class:`StartDaemon` does, and with further arguments.

        At the end the process is stopped, unless the test has ended it already.
        """


@pytest.fixture
def start_daemon(tmp_path: Path) -> StartDaemon:
    """Run daemons in the event loop of the test.

    Example::

        async with start_daemon("downloads", config={"downloads": {"checkpoint_interval": 1}}) as daemon:
            assert await daemon.get("/downloads") == {...}
    """
    from triblerd.testing_settings import prepare_state_dir  # noqa: PLC0415

    @asynccontextmanager
    async def start(
        *plugins: str,
        config: Settings | None = None,
        state_dir: Path | None = None,
        extra_plugins: Sequence[EntryPoint] = (),
    ) -> AsyncIterator[RunningDaemon]:
        folder = state_dir or tmp_path / "state"
        key = prepare_state_dir(folder, plugins, config or {}, extra_plugins)
        daemon = RunningDaemon(folder, key, extra_plugins)
        await daemon.start()
        try:
            yield daemon
        finally:
            await daemon.stop()

    return start


@pytest.fixture
def daemon_process(tmp_path: Path) -> StartProcess:
    """Run the real program.

    Example::

        async with daemon_process("downloads") as daemon:
            daemon.kill()
            await daemon.start()
    """
    from triblerd.testing_settings import prepare_state_dir  # noqa: PLC0415

    @asynccontextmanager
    async def start(
        *plugins: str,
        config: Settings | None = None,
        state_dir: Path | None = None,
        arguments: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> AsyncIterator[DaemonProcess]:
        folder = state_dir or tmp_path / "state"
        daemon = DaemonProcess(folder, prepare_state_dir(folder, plugins, config or {}), arguments, environment or {})
        try:
            yield await daemon.start()
        finally:
            await daemon.close()

    return start
