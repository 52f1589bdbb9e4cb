"""The event bus: what happened, told to whoever listens, without anybody waiting for anybody."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, ClassVar, dataclass_transform

import msgspec
from msgspec import Meta

log = logging.getLogger(__name__)


class Arguments(StrEnum):
    """How an event's payload travels on the ``/events`` stream."""

    KEYWORDS = "kwargs"
    """Every field is a named argument."""
    POSITIONAL = "args"
    """The event has one field; its value is the only positional argument."""
    HIDDEN = "hidden"
    """The event is for plugins, and for streams of another dialect; ``/events`` leaves it out."""


@dataclass_transform(frozen_default=True)  # tells type checkers what msgspec does: subclasses are frozen, too
class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Subclasses are frozen structs; their fields are the payload.

    A plugin names its event types in ``triblerd_events`` and publishes only those.
    """

    topic: ClassVar[str]
    """The event's name on the wire, such as ``torrent_finished``."""
    arguments: ClassVar[Arguments] = Arguments.KEYWORDS
    kept: ClassVar[bool] = False
    """Whether the first one that nobody heard waits for the first listener."""
    unshown: ClassVar[frozenset[str]] = frozenset()
    """Fields that ``/events`` leaves out, whose clients take no others than those they know: they are for plugins, and
    for streams of another dialect."""


class UnhandledErrorDetails(msgspec.Struct, frozen=True, kw_only=True):
    """An error nobody foresaw, with exactly the keys that clients of the 7.x stream expect."""

    type: str
    text: str
    event: dict[str, object] = {}
    additional_information: dict[str, object] = {}
    long_text: str
    context: str = "{}"
    last_core_output: str = ""
    should_stop: bool | None = False


class UnhandledError(Event):
    """A request or a background task failed in a way that nobody foresaw."""

    topic: ClassVar[str] = "tribler_exception"
    kept: ClassVar[bool] = True
    unshown: ClassVar[frozenset[str]] = frozenset({"by_request"})

    error: UnhandledErrorDetails
    by_request: bool = False
    """Whether a client was told already, in the answer to its request."""


class ConfigErrorReported(Event):
    """The settings file held values that were replaced by defaults at start; one problem a line."""

    topic: ClassVar[str] = "report_config_error"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL
    kept: ClassVar[bool] = True

    error: str


class ShutdownProgress(Event):
    """The daemon is stopping; the text says which step has begun. The first one says that the stop began."""

    topic: ClassVar[str] = "tribler_shutdown_state"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    state: str


class PluginChanged(Event):
    """A plugin changed its state."""

    topic: ClassVar[str] = "plugin_changed"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    name: str
    state: str
    reason: str


KERNEL_EVENTS: tuple[type[Event], ...] = (UnhandledError, ConfigErrorReported, ShutdownProgress, PluginChanged)


class EventFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the event bus has done since the daemon's start."""

    published: Annotated[dict[str, int], Meta(description="Events by topic")]
    listeners: Annotated[int, Meta(description="Who listens now")]
    failed: Annotated[int, Meta(description="Times that a listener raised")]
    lost: Annotated[int, Meta(description="Events dropped from full queues")]
    kept: Annotated[list[str], Meta(description="Topics of events that wait for their first listener")]


Listener = Callable[[Event], None]


class Subscription:
    """A bounded queue of events. When it is full the oldest event is dropped and counted."""

    def __init__(self, types: tuple[type[Event], ...], limit: int, on_loss: Callable[[], None] = lambda: None) -> None:
        self._types = types
        self._queue: deque[Event] = deque(maxlen=limit)
        self._wake = asyncio.Event()
        self._on_loss = on_loss
        self.lost = 0

    def offer(self, event: Event) -> None:
        """Append one event of a wanted type."""
        if self._types and not isinstance(event, self._types):
            return
        if len(self._queue) == self._queue.maxlen:
            self.lost += 1
            self._on_loss()
        self._queue.append(event)
        self._wake.set()

    async def next(self) -> Event:
        """Return the oldest event, waiting for one when there is none."""
        while not self._queue:
            self._wake.clear()
            await self._wake.wait()
        return self._queue.popleft()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events for as long as the subscription's reader likes."""
        while True:
            yield await self.next()


class EventBus:
    """Tells every listener of every event, in the order of publication. For the event loop's thread only."""

    def __init__(self) -> None:
        self._declared: dict[str, frozenset[type[Event]]] = {"kernel": frozenset(KERNEL_EVENTS)}
        self._known: frozenset[type[Event]] = frozenset(KERNEL_EVENTS)
        self._listeners: dict[Listener, tuple[type[Event], ...]] = {}
        self._kept: dict[type[Event], Event] = {}
        self._published: Counter[str] = Counter()
        self._failed = 0
        self._lost = 0

    def declare(self, owner: str, types: Iterable[type[Event]]) -> None:
        """Let ``owner`` publish these types."""
        self._declared[owner] = frozenset(types)
        self._known = frozenset().union(*self._declared.values())

    def retract(self, owner: str) -> None:
        """Forget what ``owner`` declared; publishing one of these types fails from now on."""
        self._declared.pop(owner, None)
        self._known = frozenset().union(*self._declared.values())

    def topics(self, owner: str) -> list[str]:
        """Return the topics that ``owner`` may publish, sorted."""
        return sorted(event.topic for event in self._declared.get(owner, ()))

    def publish(self, event: Event) -> None:
        """Tell every listener. A listener that fails is logged, and the others are told all the same.

        Raises:
            LookupError: nobody declared events of this type.
        """
        kind = type(event)
        if kind not in self._known:
            msg = f"no plugin declares the event {kind.__name__}"
            raise LookupError(msg)
        self._published[kind.topic] += 1
        heard = False
        for listener, types in list(self._listeners.items()):
            if types and kind not in types:
                continue
            heard = True
            try:
                listener(event)
            except Exception:
                self._failed += 1
                log.exception("A listener failed on the event %s", kind.topic)
        if not heard and kind.kept:
            self._kept.setdefault(kind, event)

    def listen(self, listener: Listener, *types: type[Event]) -> Callable[[], None]:
        """Call ``listener`` with each event of these types (all types, when none is named).

        The listener is a plain function and returns at once. Events that were kept for it come first.

        Returns:
            A function that ends the listening; it may be called twice.
        """
        self._listeners[listener] = types
        for kind in list(self._kept):
            if not types or kind in types:
                listener(self._kept.pop(kind))

        def unlisten() -> None:
            self._listeners.pop(listener, None)

        return unlisten

    def figures(self) -> EventFigures:
        """Return what the bus has done so far."""
        return EventFigures(
            published=dict(sorted(self._published.items())),
            listeners=len(self._listeners),
            failed=self._failed,
            lost=self._lost,
            kept=sorted(kind.topic for kind in self._kept),
        )

    @contextmanager
    def subscribe(self, *types: type[Event], limit: int = 1000) -> Iterator[Subscription]:
        """Yield a queue of at most ``limit`` events of these types (all types, when none is named)."""
        subscription = Subscription(types, limit, self._count_loss)
        unlisten = self.listen(subscription.offer, *types)
        try:
            yield subscription
        finally:
            unlisten()

    def _count_loss(self) -> None:
        self._lost += 1
