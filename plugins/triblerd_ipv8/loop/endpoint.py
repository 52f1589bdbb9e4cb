"""The routes of ``/ipv8/asyncio``."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from aiohttp import web
from msgspec import UNSET

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.http.endpoint import Deferred, Endpoint, Scope, route
from triblerd_ipv8.answers import INCORRECT, Success, in_this_form, refusal
from triblerd_ipv8.loop.schemas import (
    Lateness,
    LoopDebugging,
    LoopSettings,
    Measured,
    Switch,
    TaskList,
    TaskRow,
)


class Walk(Protocol):
    """Measures how late its steps are."""

    @property
    def drift(self) -> Iterable[tuple[float, float]] | None:
        """Unix times and seconds; ``None`` while nobody measures."""

    def measure_drift(self, *, on: bool) -> None:
        """Begin to measure, or stop and forget."""


class Inspection(Protocol):
    """Looks at the event loop."""

    def tasks(self) -> Sequence[TaskRow]:
        """Return all tasks."""

    def debugging(self) -> LoopDebugging:
        """Return what the loop complained of."""

    def change(self, settings: LoopSettings) -> None:
        """Change the debug mode."""


class LoopEndpoint(Endpoint):
    """The event loop, for administrators: how late it is, what runs on it, what it complains of."""

    prefix = "/ipv8/asyncio"

    def __init__(self, *, walk: Walk, inspection: Inspection) -> None:
        self._walk = walk
        self._inspection = inspection

    @route("GET", "/drift", scope=Scope.ADMIN, answers=Measured, raises=(NotFoundError,))
    async def drift(self) -> Measured | web.Response:
        """Show how late the last hundred steps of the walk were."""
        measured = self._walk.drift
        if measured is None:
            return refusal("Core drift disabled.", 404)
        return Measured([Lateness(timestamp=when, drift=late) for when, late in measured])

    @route("PUT", "/drift", scope=Scope.ADMIN, answers=Success, examples={"body": {"enable": True}})
    async def measure_drift(self, body: Deferred[Switch]) -> Success | web.Response:
        """Begin to measure how late steps are, or stop and forget it."""
        try:
            switch = body.value()
        except InvalidInputError:
            return refusal(INCORRECT, plain=True)
        self._walk.measure_drift(on=switch.enable)
        return Success()

    @route("GET", "/tasks", scope=Scope.ADMIN)
    async def tasks(self) -> TaskList:
        """List every task of the event loop, and where it waits."""
        return TaskList(list(self._inspection.tasks()))

    @route("GET", "/debug", scope=Scope.ADMIN)
    async def debugging(self) -> LoopDebugging:
        """Show what the loop complained of since its debug mode was turned on here."""
        return self._inspection.debugging()

    @route("PUT", "/debug", scope=Scope.ADMIN, answers=Success, examples={"body": {"enable": False}})
    @in_this_form
    async def change_debugging(self, body: Deferred[LoopSettings]) -> Success | web.Response:
        """Turn the loop's debug mode on or off, or change what it calls slow."""
        settings = body.value()
        if settings.enable is UNSET and settings.slow_callback_duration is UNSET:
            return refusal(INCORRECT)
        self._inspection.change(settings)
        return Success()
