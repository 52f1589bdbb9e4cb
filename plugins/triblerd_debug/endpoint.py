"""The routes of ``/debug``. All of them are for administrators."""

import asyncio
import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from triblerd.errors import FailedError, InvalidInputError, NotProvidedError, WrongStateError
from triblerd.events import Event, UnhandledError, UnhandledErrorDetails
from triblerd.http.endpoint import Encoded, Endpoint, Scope, encode_json, route
from triblerd.plugin import HookCaller
from triblerd.services import Measurements
from triblerd_debug import heap, process, schemas
from triblerd_debug.api import CircuitSlots
from triblerd_debug.monitor import ResourceHistory
from triblerd_debug.profiler import Profiler
from triblerd_logging.api import MOST_LINES, LogFilter, LogReader, SecretMasker

log = logging.getLogger(__name__)

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,4000}\s*")
_LINES_BY_DEFAULT = 100
TEST_ERROR_TYPE = "TriblerCoreTestException"
TEST_ERROR_TEXT = "Tribler Core Test Exception"
admin_route = partial(route, scope=Scope.ADMIN)


class DebugEndpoint(Endpoint):
    """The inside of the running daemon, for administrators. Secrets are masked in every answer."""

    prefix = "/debug"

    def __init__(  # noqa: PLR0913 - what is shown comes from many places, by keyword
        self,
        *,
        masker: SecretMasker,
        history: ResourceHistory,
        profiler: Profiler,
        log_reader: LogReader,
        measurements: Measurements,
        hooks: HookCaller,
        slots: Callable[[], CircuitSlots | None],
        publish: Callable[[Event], None],
    ) -> None:
        self._masker = masker
        self._history = history
        self._profiler = profiler
        self._log = log_reader
        self._measurements = measurements
        self._hooks = hooks
        self._slots = slots
        self._publish = publish

    # -- the process -------------------------------------------------------------------------------------------

    @admin_route("GET", "/open_files", answers=schemas.OpenFilesAnswer)
    async def open_files(self) -> Encoded:
        """List the regular files that the process holds open."""
        return self._shown(schemas.OpenFilesAnswer(await asyncio.to_thread(process.open_files)))

    @admin_route("GET", "/open_sockets", answers=schemas.OpenSocketsAnswer)
    async def open_sockets(self) -> Encoded:
        """List the sockets of IPv4 and IPv6 that the process has."""
        return self._shown(schemas.OpenSocketsAnswer(await asyncio.to_thread(process.open_sockets)))

    @admin_route("GET", "/threads", answers=schemas.ThreadsAnswer)
    async def threads(self) -> Encoded:
        """List the threads and where each of them is, without the values of variables.

        Threads without Python, such as the engine's, come last and have no frames.
        """
        return self._shown(schemas.ThreadsAnswer(await asyncio.to_thread(process.threads)))

    @admin_route("GET", "/cpu/history")
    async def cpu_history(self) -> schemas.CpuHistory:
        """Return how much CPU the process has used, as often as `resource_monitor.poll_interval` says.

        While the daemon rests a sample is taken every ten seconds at most.
        """
        return schemas.CpuHistory(list(self._history.cpu()))

    @admin_route("GET", "/memory/history")
    async def memory_history(self) -> schemas.MemoryHistory:
        """Return how much memory the process has used, at the times of the CPU's history."""
        return schemas.MemoryHistory(list(self._history.memory()))

    @admin_route("GET", "/memory/heap", answers=heap.HeapSummary)
    async def heap(self, query: schemas.HeapQuery) -> Encoded:
        """Return what Python's memory is made of. It looks at every object, off the event loop: a second or so."""
        return self._shown(await asyncio.to_thread(heap.summarize, query.limit))

    @admin_route("PUT", "/memory/tracing")
    async def start_tracing(self) -> schemas.Done:
        """Trace where memory is allocated from now on, for `/debug/memory/heap`. Everything is slower meanwhile."""
        heap.start_tracing()
        return schemas.Done()

    @admin_route("DELETE", "/memory/tracing")
    async def stop_tracing(self) -> schemas.Done:
        """Trace no longer, and forget what was traced."""
        heap.stop_tracing()
        return schemas.Done()

    # -- the log -----------------------------------------------------------------------------------------------

    @admin_route("GET", "/log")
    async def log_tail(self, query: schemas.LogQuery) -> schemas.LogTail:
        """Return the last lines of the log, through its rotated files, without secrets.

        A traceback belongs to the record before it: filters take or leave them together.
        """
        if query.process not in ("core", "gui"):
            msg = "process must be core or gui"
            raise InvalidInputError(msg)
        count = _line_count(query.max_lines)
        found = None
        if query.process == "core":
            wanted = LogFilter(level=query.level, logger=query.logger, contains=query.contains)
            found = await self._log.tail(count, wanted)
        return schemas.LogTail(content=found or "", max_lines=0 if found is None else count)

    @admin_route("GET", "/logs", answers=schemas.LogFiles)
    async def log_files(self) -> Encoded:
        """List the files of the log, the newest first."""
        files = list(await self._log.files())
        return self._shown(schemas.LogFiles(directory=str(self._log.directory), files=files))

    # -- the profiler ------------------------------------------------------------------------------------------

    @admin_route("GET", "/profiler")
    async def profiler(self) -> schemas.ProfilerView:
        """Tell whether a profile is being made."""
        return schemas.ProfilerView(self._profiler.state)

    @admin_route("PUT", "/profiler", raises=(WrongStateError, NotProvidedError))
    async def start_profiler(self) -> schemas.Done:
        """Begin a profile of all threads. Everything is slower until it ends."""
        self._profiler.start()
        return schemas.Done()

    @admin_route(
        "DELETE", "/profiler", answers=schemas.Profiled, raises=(WrongStateError, NotProvidedError, FailedError)
    )
    async def stop_profiler(self) -> Encoded:
        """End the profile; it is a callgrind file, which KCachegrind and QCachegrind open."""
        return self._shown(schemas.Profiled(profiler_file=str(await self._profiler.stop())))

    # -- the kernel and the plugins ----------------------------------------------------------------------------

    @admin_route("GET", "/tasks", answers=schemas.TasksAnswer)
    async def tasks(self) -> Encoded:
        """List the tasks of the event loop and where each of them waits; those of plugins come first."""
        return self._shown(schemas.TasksAnswer(list(self._measurements.tasks())))

    @admin_route("GET", "/loop")
    async def loop(self) -> schemas.LoopAnswer:
        """Return how long the event loop has kept others waiting."""
        lag = self._measurements.loop_lag()
        return schemas.LoopAnswer(turns=lag.count, lag=lag)

    @admin_route("GET", "/bus")
    async def bus(self) -> schemas.BusAnswer:
        """Return what the event bus has done."""
        return schemas.BusAnswer(self._measurements.events())

    @admin_route("GET", "/store")
    async def store(self) -> schemas.StoreAnswer:
        """Return the size of the store and of its tables, and how long commits took."""
        return schemas.StoreAnswer(await asyncio.to_thread(self._measurements.store))

    @admin_route("GET", "/report", answers=schemas.Reports)
    async def report(self) -> Encoded:
        """Return what each plugin tells of its inside."""
        reports: dict[str, dict[str, Any]] = {}
        for plugin, answer in self._hooks.call_each("triblerd_debug_report"):
            try:
                reports.setdefault(plugin, {}).update(msgspec.to_builtins(answer, str_keys=True))
            except (TypeError, ValueError) as error:
                log.warning("The plugin %s reports what is no JSON: %s", plugin, error)
        return self._shown(schemas.Reports(reports))

    @admin_route(
        "GET",
        "/circuits/slots",
        examples={
            "answer": {"slots": {"random": [None, 3140822941], "competing": [[0, None], [-52428800, 1849930021]]}}
        },
    )
    async def circuit_slots(self) -> schemas.CircuitSlotsAnswer:
        """List the slots of this node when it relays traffic for others."""
        slots = self._slots()
        if slots is None:
            return schemas.CircuitSlotsAnswer(schemas.Slots([], []))
        return schemas.CircuitSlotsAnswer(schemas.Slots(list(slots.random()), list(slots.competing())))

    @admin_route("POST", "/core_test_exception")
    async def raise_test_error(self) -> schemas.Done:
        """Send one `tribler_exception` event to all streams, as a test of clients. The daemon goes on."""
        log.warning("A client asked for the test error %s", TEST_ERROR_TYPE)
        details = UnhandledErrorDetails(
            type=TEST_ERROR_TYPE,
            text=TEST_ERROR_TEXT,
            long_text=f"{TEST_ERROR_TYPE}: {TEST_ERROR_TEXT}",
            should_stop=True,
        )
        self._publish(UnhandledError(error=details))
        return schemas.Done()

    def _shown(self, answer: msgspec.Struct) -> Encoded:
        return Encoded(encode_json(self._masker.values(answer)))


def _line_count(text: str) -> int:
    """Return how many lines a client wants; what is no number stands for the default."""
    if not _INTEGER.fullmatch(text):
        return _LINES_BY_DEFAULT
    return min(max(int(text), 1), MOST_LINES)
