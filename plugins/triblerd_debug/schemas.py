"""What ``/debug`` is asked and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from triblerd.events import EventFigures
from triblerd.histogram import Distribution
from triblerd.services import StoreFigures
from triblerd.tasks import WaitingTask
from triblerd_debug.monitor import CpuSample, MemorySample
from triblerd_debug.process import OpenFile, OpenSocket, ThreadView
from triblerd_debug.profiler import ProfilerState
from triblerd_logging.api import LogFile


class Slots(msgspec.Struct, frozen=True):
    """Slots of this node when it relays traffic for others; both are empty while the tunnels are off."""

    random: Annotated[list[int | None], Meta(description="The circuit that holds each slot, null for a free one")]
    competing: Annotated[
        list[tuple[int, int | None]],
        Meta(
            description="Balance of the holder in bytes, 0 when free, and the circuit, for each slot given by balance"
        ),
    ]


class CircuitSlotsAnswer(msgspec.Struct, frozen=True):
    """Slots of circuits."""

    slots: Slots


class OpenFilesAnswer(msgspec.Struct, frozen=True):
    """Regular files that the process holds open."""

    open_files: list[OpenFile]


class OpenSocketsAnswer(msgspec.Struct, frozen=True):
    """Sockets of IPv4 and IPv6."""

    open_sockets: list[OpenSocket]


class ThreadsAnswer(msgspec.Struct, frozen=True):
    """The process's threads."""

    threads: list[ThreadView]


class CpuHistory(msgspec.Struct, frozen=True):
    """CPU used, the oldest sample first; empty while the monitor is off."""

    cpu_history: list[CpuSample]


class MemoryHistory(msgspec.Struct, frozen=True):
    """Memory used, the oldest sample first; empty while the monitor is off."""

    memory_history: list[MemorySample]


class LogQuery(msgspec.Struct, frozen=True):
    """Which part of which log."""

    process: Annotated[str, Meta(description="`core` or `gui`, which has none here")] = "core"
    max_lines: Annotated[
        str, Meta(description="Lines from the end, 1..10000; 100 when it is missing or no integer")
    ] = ""
    level: Annotated[
        Literal["", "debug", "info", "warning", "error"], Meta(description="Only records of this level and above")
    ] = ""
    logger: Annotated[
        str, Meta(description="Only records of this logger and those below it, such as `triblerd_libtorrent`")
    ] = ""
    contains: Annotated[str, Meta(description="Only records that contain this text, in whatever case")] = ""


class LogTail(msgspec.Struct, frozen=True):
    """The end of a log."""

    content: Annotated[str, Meta(description="Lines, the oldest first, without secrets")]
    max_lines: Annotated[int, Meta(description="The limit that was applied; 0 when there is no such log")]


class LogFiles(msgspec.Struct, frozen=True):
    """The files of the log, the newest first."""

    directory: Annotated[str, Meta(description="Where they are")]
    files: list[LogFile]


class ProfilerView(msgspec.Struct, frozen=True):
    """Whether a profile is being made."""

    state: ProfilerState


class Done(msgspec.Struct, frozen=True):
    """It is done."""

    success: bool = True


class Profiled(msgspec.Struct, frozen=True):
    """A profile is ready."""

    profiler_file: Annotated[str, Meta(description="Path of the callgrind file on the server")]
    success: bool = True


class HeapQuery(msgspec.Struct, frozen=True):
    """How much is told."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="Types, and lines, to tell of")] = 30


class TasksAnswer(msgspec.Struct, frozen=True):
    """The tasks of the event loop, those of plugins first."""

    tasks: list[WaitingTask]


class LoopAnswer(msgspec.Struct, frozen=True):
    """The event loop."""

    turns: Annotated[int, Meta(description="Times that it turned since the start; an idle loop does not")]
    lag: Annotated[Distribution, Meta(description="How long each turn kept others waiting, seconds")]


class BusAnswer(msgspec.Struct, frozen=True):
    """The event bus."""

    events: EventFigures


class StoreAnswer(msgspec.Struct, frozen=True):
    """The store."""

    store: StoreFigures


class Reports(msgspec.Struct, frozen=True):
    """What plugins tell of their inside."""

    reports: Annotated[dict[str, dict[str, object]], Meta(description="By plugin")]
