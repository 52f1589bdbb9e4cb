"""The daemon: start, signals, ordered stop. The only place that sees everything."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from triblerd.config import ApiConfig, GeneralConfig, StoreConfig
from triblerd.container import KernelContainer, kernel_services
from triblerd.errors import FailedError
from triblerd.events import ConfigErrorReported, ShutdownProgress
from triblerd.logs import logging_to
from triblerd.loop_lag import MeasuredLoop, lag_of
from triblerd.measurements import KernelMeasurements
from triblerd.options import RunOptions
from triblerd.running_again import run_again
from triblerd.service_manager import notify, watchdog_interval
from triblerd.services import Measurements, Phase, Requests
from triblerd.settings_template import settings_text
from triblerd.state_dir import StateDirectory
from triblerd.tasks import Tasks

log = logging.getLogger(__name__)

ADDRESS_FILE = "triblerd.address"
"""Where a running daemon says how it is reached: JSON with ``pid``, ``http``, ``https``, ``base_path``."""
SERVER_GRACE_SECONDS = 2.0
SWITCH_SECONDS = 0.0005
"""After this long a thread that runs Python gives way to the event loop; Python's own 5 ms would delay each answer."""
NEW_OBJECTS = 20_000
"""So many new objects make Python look for circles among them; with its own 700 that is a fifth of a large import."""


class Daemon:
    """One daemon on one state directory."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._stack = AsyncExitStack()
        self._stop_wanted = asyncio.Event()
        self._kernel: KernelContainer
        self._tasks: Tasks

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports that the API listens on, by scheme."""
        return self._kernel.lifecycle().ports

    @property
    def state_dir(self) -> Path:
        """The state directory."""
        return self._kernel.lifecycle().state_dir

    @property
    def key(self) -> str:
        """The main API key; empty when authentication is off."""
        return self._api_config().key or ""

    @property
    def container(self) -> KernelContainer:
        """The kernel's objects, for tests of the kernel itself."""
        return self._kernel

    async def start(self) -> None:
        """Bring everything up to the point where the API answers; plugins go on starting in the background.

        Raises:
            TriblerdError: the state directory, the settings file, the store or the port cannot be used. Nothing
                stays open, and nothing was changed.
        """
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()

    async def wait_started(self) -> None:
        """Return when every plugin has started (or failed to) and stored state is loaded."""
        await self._kernel.lifecycle().started.wait()

    async def wait_stop_wanted(self) -> None:
        """Return when a client or a signal asked for the end."""
        await self._stop_wanted.wait()

    def request_stop(self) -> None:
        """Begin the end; ``stop`` does the work."""
        self._kernel.lifecycle().request_stop()

    async def stop(self) -> None:
        """Stop in order: tasks, plugins in reverse order, HTTP, store."""
        lifecycle = self._kernel.lifecycle()
        if lifecycle.phase is not Phase.STOPPING:
            lifecycle.request_stop()
        if lifecycle.restarts:
            _notify_reloading()  # a service manager ends what says that it stops
        else:
            notify("STOPPING=1")
        await self._stack.aclose()

    @property
    def restarts(self) -> bool:
        """Whether whoever asked for the end wants a new beginning."""
        return self._kernel.lifecycle().restarts

    async def reload(self) -> None:
        """Read the settings file anew and bring the plugins in line. A broken file changes nothing."""
        _notify_reloading()
        try:
            self._kernel.configuration().reload()
        except FailedError as error:
            log.error("The settings are not reloaded: %s", error)  # noqa: TRY400 - the text says it all
        else:
            self._report_settings()
            await self._kernel.plugins().apply()
            self._kernel.auth().replace_named_keys(self._api_config().keys)
        notify("READY=1")

    # -- start -------------------------------------------------------------------------------------------------

    async def _open(self, stack: AsyncExitStack) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(NEW_OBJECTS)
        options = self._options
        directory = StateDirectory.find(options.state_dir)
        stack.enter_context(directory.locked())
        kernel = self._kernel = KernelContainer(state_dir=directory.path, options=options, stop=self._stop_wanted.set)
        kernel.layers().read()
        log_dir = directory.path / self._general().log_dir
        kernel.lifecycle().log_file = stack.enter_context(
            logging_to(log_dir, self._general(), recent=kernel.recent_log())
        )
        log.info("triblerd %s starts in %s", kernel.lifecycle().version, directory.path)
        await stack.enter_async_context(kernel.store())
        await kernel.versions().open()
        kernel.plugins().load()
        kernel.versions().refuse_newer()
        self._settle_settings()
        self._tasks = Tasks("kernel", kernel.reports().task_failed)
        stack.push_async_callback(self._tasks.close)
        self._offer_services()
        await kernel.server().start()
        stack.push_async_callback(kernel.server().stop, SERVER_GRACE_SECONDS)
        kernel.lifecycle().ports = kernel.server().ports
        self._publish_address(stack)
        stack.push_async_callback(self._stop_plugins)
        self._tasks.start("start-plugins", self._start_plugins())
        self._tasks.start("backups", self._back_up())
        if interval := watchdog_interval():
            self._tasks.every(interval, "watchdog", _alive)

    async def _start_plugins(self) -> None:
        was_outdated = bool(self._kernel.versions().outdated())
        await self._kernel.plugins().start()
        if was_outdated:
            self._report_settings()
        self._kernel.lifecycle().plugins_started()
        notify("READY=1")

    async def _stop_plugins(self) -> None:
        self._kernel.bus().publish(ShutdownProgress(state="Stopping plugins..."))
        await self._tasks.close()
        await self._kernel.plugins().stop()

    async def _back_up(self) -> None:
        config = self._store_config()
        while config.backup_interval:
            await self.wait_started()
            await self._kernel.store().backup_when_due()
            await asyncio.sleep(config.backup_interval)

    def _settle_settings(self) -> None:
        kernel = self._kernel
        if not kernel.settings_file().exists():
            plugins = {plugin.name: not plugin.is_contrib for plugin in kernel.found()}
            key = secrets.token_hex(16)
            types = kernel.configuration().section_types()
            kernel.settings_file().create(settings_text(types, plugins, key))
            kernel.layers().read()
        if not kernel.versions().outdated():  # or else once they are upgraded
            self._report_settings()  # the command line and the environment may be wrong at a first start, too
        if self._api_config().key is None:
            kernel.settings_file().change({"api": {"key": secrets.token_hex(16)}})
            kernel.layers().read()

    def _report_settings(self) -> None:
        configuration = self._kernel.configuration()
        for line in configuration.unknown():
            log.warning("triblerd.conf: %s", line)
        types = configuration.section_types()
        replaced = [line for name in types if types[name].repairs for line in configuration.resolve(name)[1]]
        if replaced:
            copy = self._kernel.settings_file().keep_copy()
            lines = [
                *replaced,
                f"What is not said here has its default now; a copy of the file is {copy}.",
            ]
            for line in lines:
                log.warning("triblerd.conf: %s", line)
            self._kernel.bus().publish(ConfigErrorReported(error="\n".join(lines)))

    def _offer_services(self) -> None:
        kernel = self._kernel
        kernel.configuration().apply = kernel.plugins().apply
        kernel.services().offer(
            "kernel",
            {
                **kernel_services(kernel),
                Measurements: KernelMeasurements(
                    lag=lag_of(asyncio.get_running_loop()),
                    bus=kernel.bus(),
                    store=kernel.store(),
                    owners=lambda: [self._tasks, *kernel.plugins().tasks()],
                ),
                Requests: kernel.answers(),
            },
        )
        endpoints: list[Any] = kernel.endpoints()
        kernel.router().declare("kernel", [type(endpoint) for endpoint in endpoints])
        kernel.router().bind("kernel", endpoints)

    def _publish_address(self, stack: AsyncExitStack) -> None:
        path = self.state_dir / ADDRESS_FILE
        api = self._api_config()
        urls = {
            scheme: f"{scheme}://{_reachable(getattr(api, f'{scheme}_host'))}:{port}{api.base_path}"
            for scheme, port in self.ports.items()
        }
        path.write_text(json.dumps({"pid": os.getpid(), **urls, "base_path": api.base_path}))
        stack.callback(path.unlink, missing_ok=True)
        for url in urls.values():
            self._options.announce(f"API   {url}")
            self._options.announce(f"Docs  {url}/docs")

    def _general(self) -> GeneralConfig:
        return self._kernel.configuration().get("general", GeneralConfig)

    def _api_config(self) -> ApiConfig:
        return self._kernel.configuration().get("api", ApiConfig)

    def _store_config(self) -> StoreConfig:
        return self._kernel.configuration().get("store", StoreConfig)

    @property
    def stop_timeout(self) -> float:
        """Seconds that the ordered stop may take."""
        return self._general().stop_timeout


async def serve(options: RunOptions) -> int | None:
    """Run a daemon until it is told to stop; return the exit status of the process, ``None`` to run it again."""
    daemon = Daemon(options)
    loop = asyncio.get_running_loop()
    await daemon.start()
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(daemon.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end_gently, daemon, loop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await daemon.wait_stop_wanted()
    try:
        async with asyncio.timeout(daemon.stop_timeout):
            await daemon.stop()
    except TimeoutError:
        log.error("The stop took longer than %s s; leaving now", daemon.stop_timeout)  # noqa: TRY400
        return run_again() if daemon.restarts else leave_now(1)
    return None if daemon.restarts else 0


def run(options: RunOptions) -> int:
    """Run a daemon in the foreground; return the exit status.

    Raises:
        TriblerdError: it cannot start.
    """
    with asyncio.Runner(loop_factory=MeasuredLoop) as runner:
        status = runner.run(serve(options))
    return run_again() if status is None else status


def leave_now(status: int) -> int:
    """End the process without waiting for anything; what was confirmed is on disk."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _end_gently(daemon: Daemon, loop: asyncio.AbstractEventLoop) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):  # a second signal ends at once
        loop.add_signal_handler(number, leave_now, 128 + number)
    daemon.request_stop()


def _reachable(host: str) -> str:
    """Return the name under which this machine reaches a server bound to ``host``."""
    if host in ("", "0.0.0.0"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _notify_reloading() -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


async def _alive() -> None:
    notify("WATCHDOG=1")
