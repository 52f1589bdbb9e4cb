"""What the kernel offers to plugins as services: ``context.service(Configuration)``."""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

import msgspec
from msgspec import Meta

from triblerd.config import Section
from triblerd.events import EventFigures
from triblerd.histogram import Distribution
from triblerd.migration import Piece, Reached
from triblerd.store import StoreView
from triblerd.store_figures import StoreFigures as StoreFigures  # noqa: PLC0414 - what plugins are given
from triblerd.tasks import TaskInfo, WaitingTask


@runtime_checkable
class Configuration(Protocol):
    """Reads and changes ``triblerd.conf`` as a whole. For the plugins that show or import settings."""

    def section_types(self) -> Mapping[str, type[Section]]:
        """Return every section that the kernel and the imported plugins declare, by name."""

    def values(self) -> dict[str, dict[str, object]]:
        """Return every section with every key, defaults filled in, as plain JSON values; secrets in clear.

        A plugin's own section also has ``enabled``. Of a plugin that is turned off the sections hold what the file
        says, unless entry points of the group ``triblerd.sections`` tell what they are.
        """

    async def change(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Check, store and apply changes of any number of keys: all of them or none.

        Text is taken for numbers and flags where a key wants these. When this returns, the file is on disk and the
        plugins concerned have been told, started, stopped or restarted.

        Raises:
            InvalidInputError: ``Unknown section: x``, ``Unknown setting: x.y`` or ``x.y: <reason>``.
            FailedError: the file cannot be written.
        """


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin as people see it."""

    name: Annotated[str, Meta(description="The area: also the section, the tag, the entry point")]
    summary: Annotated[str, Meta(description="What it is for")]
    version: Annotated[str, Meta(description="Its own version, or that of the distribution")]
    state: Annotated[str, Meta(description="Where it is in its life, such as `running`")]
    reason: Annotated[str, Meta(description="Why it is in that state; empty when nothing is to say")]
    enabled: Annotated[bool, Meta(description="Whether the configuration wants it to run")]
    origin: Annotated[str, Meta(description="The distribution that brings it")]
    requires: Annotated[list[str], Meta(description="Plugins without which it cannot run")]
    after: Annotated[list[str], Meta(description="Plugins that start before it, if they run at all")]
    routes: Annotated[list[str], Meta(description="Its routes, as `GET /path`")]
    topics: Annotated[list[str], Meta(description="Topics of the events that it may publish")]
    tasks: Annotated[list[TaskInfo], Meta(description="Its background tasks, oldest first")]
    settings_schema: Annotated[
        dict[str, object], Meta(description="JSON Schema of each of its sections, by name; empty while it is off")
    ]


@runtime_checkable
class PluginDirectory(Protocol):
    """Shows the plugins and switches them while the daemon runs."""

    def plugins(self) -> Sequence[PluginView]:
        """Return every plugin that was found, running or not, in starting order."""

    def plugin(self, name: str) -> PluginView:
        """Return one plugin.

        Raises:
            NotFoundError: there is no plugin of that name; the text names the nearest.
        """

    async def enable(self, name: str) -> PluginView:
        """Turn a plugin on, here and in the file, and start it and what waited for it."""

    async def disable(self, name: str) -> PluginView:
        """Turn a plugin off, here and in the file, after stopping what requires it."""

    async def reload(self, name: str) -> PluginView:
        """Stop a plugin and what requires it, and start them again with what the settings file says now.

        One that could not be loaded is tried again.

        Raises:
            FailedError: the file is broken; nothing is changed.
        """


class AnsweredRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer, at the moment when its headers go out.

    Attributes:
        method: As it was sent; empty without a route.
        route: The path as it is declared, such as ``/downloads/{infohash}``; empty for a path that no route has, and
            for what was refused before anybody looked for the route.
        status: Of HTTP.
        seconds: Since the request's headers were there: what a stream, or a slow reader, takes afterwards is not in it.
    """

    method: str
    route: str
    status: int
    seconds: float


AnswerListener = Callable[[AnsweredRequest], None]


@runtime_checkable
class Requests(Protocol):
    """Tells of each answer of the API. For plugins that measure; while none listens, nothing is measured."""

    def listen(self, listener: AnswerListener) -> Callable[[], None]:
        """Call ``listener``, a plain function that returns at once, with each answer.

        Returns:
            A function that ends the listening; it may be called twice.
        """


class Phase(StrEnum):
    """Where the daemon is in its life."""

    STARTING = "STARTING"
    UPGRADING = "UPGRADING"
    STARTED = "STARTED"
    STOPPING = "STOPPING"


@runtime_checkable
class Lifecycle(Protocol):
    """The daemon as a whole: its phase, where it listens, how to end it."""

    @property
    def phase(self) -> Phase:
        """The present phase. ``STARTED`` when every plugin has been started and none still loads."""

    @property
    def version(self) -> str:
        """The daemon's version."""

    @property
    def state_dir(self) -> Path:
        """The state directory."""

    @property
    def log_file(self) -> Path:
        """The file that log records go to; rotated ones lie beside it."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The TCP ports that the API listens on, by scheme: ``http``, ``https``."""

    @property
    def step(self) -> str:
        """One short sentence on what is being started; empty once nothing is."""

    @property
    def fatal_error(self) -> str | None:
        """The text of an error that leaves the daemon unusable."""

    @property
    def last_error(self) -> str | None:
        """The text of the last unhandled error."""

    def loading(self, what: str) -> "Loading":
        """Keep the phase at ``STARTING`` until the returned object is told that it is done.

        Called by a plugin in the first half of its lifespan, for work that goes on in a task afterwards.
        """

    def upgrading(self, step: str) -> None:
        """Say which step of an upgrade runs, in a short sentence; the phase is ``UPGRADING`` until that is empty."""

    def request_stop(self, *, restart: bool = False) -> None:
        """Begin the ordered stop and return at once. A second call changes nothing.

        Args:
            restart: Start the program again afterwards, in the same process and with the same arguments. A stop that
                is asked for meanwhile is one for good.
        """


class LogRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record of the log, with whatever secrets it holds.

    Attributes:
        time: Unix time.
        level: ``debug``, ``info``, ``warning``, ``error``, ``critical``, or what else a library calls it.
        message: May have several lines.
        exception: A traceback; empty without one.
    """

    time: float
    level: str
    logger: str
    message: str
    exception: str = ""


@runtime_checkable
class RecentLog(Protocol):
    """The last records of the log since the daemon began to start. They are in memory, whatever becomes of the disk."""

    def records(self) -> Sequence[LogRecord]:
        """Return the last 1,000 at most, the oldest first. Takes microseconds."""


class DataKind(StrEnum):
    """What of a plugin has a version."""

    SETTINGS = "settings"
    STORE = "store"

    @property
    def words(self) -> str:
        """What people call it."""
        return "data" if self is DataKind.STORE else "settings"


class Outdated(msgspec.Struct, frozen=True):
    """Data, or settings, that are older than the code of their plugin.

    Attributes:
        reached: How far the step from ``found`` to the next version has come, if it has begun.
    """

    plugin: str
    kind: DataKind
    found: int
    wanted: int
    reached: Reached | None = None

    def __str__(self) -> str:
        """Say it as a sentence without a full stop."""
        partly = f", partly of version {self.found + 1}" if self.reached else ""
        return f"its {self.kind.words} are of version {self.found}{partly}, and version {self.wanted} is needed"


@runtime_checkable
class DataVersions(Protocol):
    """Of which versions the plugins' data and settings are, and how they are changed; for what upgrades them."""

    def outdated(self) -> Sequence[Outdated]:
        """Return what is older than the code of its plugin: plugins in starting order, settings before data."""

    def view(self, plugin: str) -> StoreView:
        """Return a plugin's part of the store."""

    async def convert(self, plugin: str, to: int, piece: Piece) -> Reached | None:
        """Convert one piece of a plugin's data, and note how far the step to version ``to`` has come, as one.

        Returns:
            How far it has come, or ``None`` when the data are of version ``to`` now.
        """

    def settings(self) -> Mapping[str, Mapping[str, object]]:
        """Return all sections as the settings file has them."""

    async def change_settings(self, plugin: str, to: int, changes: Mapping[str, Mapping[str, object] | None]) -> None:
        """Change the settings file, and note that the plugin's settings are of version ``to`` now, as one.

        Raises:
            FailedError: the file cannot be written; nothing was changed.
        """

    @property
    def store_size(self) -> int:
        """The bytes that a copy of the store has."""

    async def copy_store(self, target: Path) -> int:
        """Write a copy of the store to a new file, and return its size in bytes.

        Raises:
            StoreError: the file exists, or cannot be written; nothing of it stays.
        """

    def copy_settings(self, target: Path) -> None:
        """Write a copy of the settings file, if there is one; it holds the API keys, and only its owner may read it."""


@runtime_checkable
class Upgrades(Protocol):
    """Converts what is older than the code of its plugin.

    A plugin offers it. The kernel asks for it before it starts plugins, when something is outdated.
    """

    async def upgrade(self, plugins: Collection[str]) -> Mapping[str, str]:
        """Convert what is outdated of these plugins, and return, for each of them that still is, why."""


@runtime_checkable
class FileRoots(Protocol):
    """The directories that paths given by clients are confined to (``[api] file_roots``)."""

    def allow(self, path: Path) -> bool:
        """Return whether an absolute path lies in one of them, links followed.

        Asks the disk, briefly. When no directories are configured every path is allowed.
        """


@runtime_checkable
class Loading(Protocol):
    """Work that belongs to the start of the daemon and goes on in the background."""

    def done(self) -> None:
        """Say that it has ended, well or not. May be called twice."""


@runtime_checkable
class Measurements(Protocol):
    """What the kernel measures of itself. Nothing here wakes an idle daemon; an answer is made when it is wanted."""

    def loop_lag(self) -> Distribution:
        """Return how long the event loop kept others waiting, turn by turn. Takes microseconds.

        Nothing was counted on an event loop that the daemon did not make itself, such as that of a test.
        """

    def events(self) -> EventFigures:
        """Return what the event bus has done. Takes microseconds."""

    def store(self) -> StoreFigures:
        """Return the store's figures. Asks LMDB for each table: some microseconds each, on the event loop or off it."""

    def tasks(self) -> Sequence[WaitingTask]:
        """Return every task of the event loop, those of owners first, and where each of them waits. For the loop only.

        Takes some microseconds a task.
        """
