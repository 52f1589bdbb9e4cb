"""What ``/ipv8/asyncio`` is asked and answers."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType


class Lateness(msgspec.Struct, frozen=True, kw_only=True):
    """How late one step of the walk was."""

    timestamp: Annotated[float, Meta(description="Unix time")]
    drift: Annotated[float, Meta(description="Seconds")]


class Measured(msgspec.Struct, frozen=True):
    """The last hundred steps, the oldest first."""

    measurements: list[Lateness]


class Switch(msgspec.Struct, frozen=True):
    """On or off."""

    enable: bool


class TaskRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task of the event loop."""

    name: str
    running: Annotated[bool, Meta(description="It is the one that answers")]
    stack: Annotated[list[str], Meta(description="Where it waits, innermost first, as `module:line function`")]
    taskmanager: Annotated[str | UnsetType, Meta(description="What it belongs to: a plugin, an overlay")] = UNSET
    start_time: Annotated[float | UnsetType, Meta(description="Unix time")] = UNSET
    interval: Annotated[float | UnsetType, Meta(description="Seconds between two rounds")] = UNSET


class TaskList(msgspec.Struct, frozen=True):
    """All tasks."""

    tasks: list[TaskRow]


class Message(msgspec.Struct, frozen=True):
    """Something that the loop complained of."""

    message: str


class LoopDebugging(msgspec.Struct, frozen=True, kw_only=True):
    """What the loop complains of in its debug mode."""

    messages: Annotated[list[Message], Meta(description="The last fifty, the oldest first")]
    enable: Annotated[bool, Meta(description="Whether the debug mode is on; it makes everything slower")]
    slow_callback_duration: Annotated[float, Meta(description="Seconds from which a step counts as slow")]


class LoopSettings(msgspec.Struct, frozen=True):
    """What to change of the debug mode; at least one of both."""

    enable: Annotated[bool | UnsetType, Meta(description="Turn it on or off")] = UNSET
    slow_callback_duration: Annotated[
        Annotated[float, Meta(ge=0, le=3600)] | UnsetType, Meta(description="Seconds from which a step counts as slow")
    ] = UNSET
