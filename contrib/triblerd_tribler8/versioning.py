"""``/api/versioning``."""

from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from triblerd.errors import ConflictError, InvalidInputError, NotStartedError, UnavailableError
from triblerd.http.endpoint import Scope, route
from triblerd.services import Lifecycle
from triblerd_tribler8.parts import Dialect
from triblerd_upgrader.api import StateImports
from triblerd_versioning.api import UpdateCheck, UpdateSourceError


class KnownVersions(msgspec.Struct, frozen=True):
    """The versions that have a state here."""

    versions: Annotated[list[str], Meta(description="The present one alone: a newer one goes on with the same state")]
    current: Annotated[str, Meta(description="The one that runs")]


class CurrentVersion(msgspec.Struct, frozen=True):
    """What runs."""

    version: Annotated[str, Meta(description="Of the daemon")]


class NewerVersion(msgspec.Struct, frozen=True):
    """Whether there is something newer."""

    new_version: Annotated[str, Meta(description="Empty when there is none, or who knows it does not answer")]
    has_version: bool


class Upgradable(msgspec.Struct, frozen=True):
    """Whether there is something to take over."""

    can_upgrade: Annotated[
        str | Literal[False], Meta(description="Version of Tribler whose state can be taken over; else false")
    ]


class Done(msgspec.Struct, frozen=True):
    """It is done, or it has begun."""

    success: bool = True


class Working(msgspec.Struct, frozen=True):
    """Whether something is taken over just now."""

    running: bool


class VersioningPart(Dialect):
    """Versions, and what another one left. All of it is off while nobody wants to hear of new versions."""

    prefix = "/api/versioning"

    @route("GET", "/versions")
    async def versions(self) -> KnownVersions:
        """List the versions that have a state here."""
        current = self._current()
        return KnownVersions(versions=[current], current=current)

    @route("GET", "/versions/current")
    async def current(self) -> CurrentVersion:
        """Tell what runs."""
        return CurrentVersion(version=self._current())

    @route("GET", "/versions/check", scope=Scope.WRITE)
    async def check(self) -> NewerVersion:
        """Look for a newer release where `versioning.update_url` says, for five seconds at most; else nowhere."""
        found = ""
        with suppress(UpdateSourceError):
            found = await self._updates().newer()
        return NewerVersion(new_version=found, has_version=bool(found))

    @route("DELETE", "/versions/{version}", scope=Scope.ADMIN)
    async def remove(self, version: str) -> Done:  # noqa: ARG002 - there is none that may be removed
        """Remove the state of a version that is listed and does not run: there is none."""
        self._updates()
        msg = "No version given"
        raise InvalidInputError(msg)

    @route("GET", "/upgrade/available", scope=Scope.ADMIN)
    async def available(self) -> Upgradable:
        """Tell whether Tribler left something in its usual place that can be taken over, and was not yet."""
        self._updates()
        imports = self.context.services.find(StateImports)
        states = await imports.offered() if imports else ()
        return Upgradable(can_upgrade=states[0].version if states else False)

    @route("POST", "/upgrade", scope=Scope.ADMIN, raises=(UnavailableError,))
    async def upgrade(self) -> Done:
        """Begin to take that over, and answer at once. While something is taken over, this changes nothing."""
        self._updates()
        imports = self.need(StateImports)
        if states := await imports.offered():
            with suppress(ConflictError):  # another request was faster
                await imports.start(states[0])
        return Done()

    @route("GET", "/upgrade/working", scope=Scope.ADMIN)
    async def working(self) -> Working:
        """Tell whether something is taken over just now."""
        self._updates()
        imports = self.context.services.find(StateImports)
        return Working(running=imports is not None and imports.is_running)

    def _current(self) -> str:
        self._updates()
        return self.context.service(Lifecycle).version

    def _updates(self) -> UpdateCheck:
        """Return the area's service.

        Raises:
            NotStartedError: it is off, or told not to look for releases (``versioning/enabled``).
        """
        updates = self.need(UpdateCheck)
        if not updates.is_wanted:
            msg = "Nobody wants to hear of new versions"
            raise NotStartedError(msg)
        return updates
