"""The event streams as other plugins see them: a dialect of its own needs a framing and a route, nothing else."""

from collections.abc import Callable
from typing import ClassVar, Protocol, runtime_checkable

import msgspec
from aiohttp import web

from triblerd.events import Arguments, Event

Framing = Callable[[Event], bytes | None]
"""Returns what a dialect's streams send for an event, ``None`` for one that the dialect does not know.

Called once per event and dialect, however many streams are open.
"""


class StreamOpened(Event):
    """The first event of each stream, for that stream alone."""

    topic: ClassVar[str] = "events_start"
    unshown: ClassVar[frozenset[str]] = frozenset({"sessions"})

    public_key: str
    """64 hex digits of this node's public key, empty without one."""
    version: str
    sessions: int
    """How many other streams are open, of any dialect."""


class DiskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """How full a disk is, in bytes; ``percent`` is the share in use of what an ordinary user may use."""

    time: float
    total: int
    used: int
    free: int
    percent: float


class LowSpace(Event):
    """The disk of the state directory is nearly full. Repeated for as long as that is so."""

    topic: ClassVar[str] = "low_space"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    disk_usage_data: DiskUsage


@runtime_checkable
class MonitorSettings(Protocol):
    """The part of ``[resource_monitor]`` that concerns whoever measures, as it is now."""

    @property
    def enabled(self) -> bool:
        """Whether anything is measured."""

    @property
    def poll_interval(self) -> float:
        """Seconds between two measurements."""


@runtime_checkable
class EventStreams(Protocol):
    """Answers requests with streams of events."""

    @property
    def count(self) -> int:
        """The number of open streams, of all dialects. One whose client vanished counts until a write to it fails."""

    @property
    def version(self) -> str:
        """The daemon's version, as the first event of each stream has it."""

    async def serve(
        self, request: web.Request, framing: Framing, *, comment_seconds: float | None = None
    ) -> web.StreamResponse:
        """Answer ``request`` with every event from now on; return when the client has gone or the plugin stops.

        Args:
            request: What is answered.
            framing: The dialect.
            comment_seconds: After so much silence the line ``: keepalive`` is sent, which every client that knows
                server-sent events ignores, and which keeps proxies from ending the stream. Without it never.
        """
