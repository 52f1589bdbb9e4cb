"""The daemon's phase, as plugins and clients see it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import triblerd
from triblerd.error_reports import ErrorReports
from triblerd.logs import FILE_NAME as LOG_FILE_NAME
from triblerd.services import Phase


class LoadingWork:
    """Implements :class:`triblerd.services.Loading`."""

    def __init__(self, end: Callable[["LoadingWork"], None]) -> None:
        self._end = end

    def done(self) -> None:
        """Say that it has ended."""
        self._end(self)


class DaemonLifecycle:
    """Implements :class:`triblerd.services.Lifecycle`.

    Args:
        stop: Begins the ordered stop; called once.
    """

    def __init__(self, *, state_dir: Path, reports: ErrorReports, stop: Callable[[], None]) -> None:
        self.state_dir = state_dir
        self.version = triblerd.__version__
        self.log_file = state_dir / LOG_FILE_NAME
        self.ports: Mapping[str, int] = {}
        self.fatal_error: str | None = None
        self.started = asyncio.Event()
        self._reports = reports
        self._stop = stop
        self._stopping = False
        self._restarts = True
        self._plugins_started = False
        self._loading: dict[LoadingWork, str] = {}
        self._starting = "HTTP API"
        self._upgrading = ""

    @property
    def phase(self) -> Phase:
        """The present phase."""
        if self._stopping:
            return Phase.STOPPING
        if self._upgrading:
            return Phase.UPGRADING
        return Phase.STARTED if self.started.is_set() else Phase.STARTING

    @property
    def step(self) -> str:
        """One short sentence on what is being started, or upgraded."""
        if self.phase is Phase.UPGRADING:
            return self._upgrading
        if self.phase is not Phase.STARTING:
            return ""
        return f"Starting {next(iter(self._loading.values()), self._starting)}..."

    @property
    def last_error(self) -> str | None:
        """The text of the last unhandled error."""
        return self._reports.last

    def loading(self, what: str) -> LoadingWork:
        """Keep the phase at ``STARTING`` until the returned object is told that it is done."""
        work = LoadingWork(self._loaded)
        if not self.started.is_set():
            self._loading[work] = what
        return work

    def starting(self, what: str) -> None:
        """Say what is being started."""
        self._starting = what

    def upgrading(self, step: str) -> None:
        """Say which step of an upgrade runs, empty for none."""
        self._upgrading = step

    def plugins_started(self) -> None:
        """Say that every plugin has been started."""
        self._plugins_started = True
        self._settle()

    @property
    def restarts(self) -> bool:
        """Whether the program is to be started again after the stop: whoever asked for the stop wants it so."""
        return self._stopping and self._restarts

    def request_stop(self, *, restart: bool = False) -> None:
        """Begin the ordered stop and return at once."""
        self._restarts &= restart
        if not self._stopping:
            self._stopping = True
            self._stop()

    def _loaded(self, work: LoadingWork) -> None:
        self._loading.pop(work, None)
        self._settle()

    def _settle(self) -> None:
        if self._plugins_started and not self._loading:
            self.started.set()
