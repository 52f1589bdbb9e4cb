"""``/versions``."""

import asyncio
import platform
import sys

from triblerd.errors import ConflictError, NotFoundError, UnavailableError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.plugin import API_VERSION, Services
from triblerd.services import Lifecycle, PluginDirectory
from triblerd_upgrader.api import OfferedState, StateImports
from triblerd_versioning.api import UpdateCheck, UpdateSourceError
from triblerd_versioning.inventory import libraries
from triblerd_versioning.schemas import LeftState, LeftStates, PluginVersion, Update, Versions


class VersionsEndpoint(Endpoint):
    """What runs here, and whether there is something newer."""

    prefix = "/versions"

    def __init__(
        self, *, lifecycle: Lifecycle, directory: PluginDirectory, updates: UpdateCheck, services: Services
    ) -> None:
        self._lifecycle = lifecycle
        self._directory = directory
        self._updates = updates
        self._services = services

    @route("GET", "")
    async def versions(self) -> Versions:
        """Return the versions of the daemon, its plugins, and the libraries that they are made of."""
        return Versions(
            version=self._lifecycle.version,
            plugin_api=API_VERSION,
            python=sys.version.split()[0],
            platform=f"{platform.system()} {platform.machine()}",
            libraries=dict(await asyncio.to_thread(libraries)),
            plugins=[
                PluginVersion(name=plugin.name, version=plugin.version, distribution=plugin.origin, state=plugin.state)
                for plugin in self._directory.plugins()
            ],
        )

    @route("GET", "/check", scope=Scope.WRITE, raises=(UpdateSourceError,))  # it has a server asked
    async def check(self) -> Update:
        """Ask the configured source for a newer release, for five seconds at most.

        Without `versioning.update_url` nobody is asked, and there is none.
        """
        found = await self._updates.newer()
        return Update(
            version=self._lifecycle.version,
            new_version=found,
            has_version=bool(found),
            has_source=self._updates.has_source,
            automatic=self._updates.has_source and self._updates.is_wanted,
        )

    @route("GET", "/import", scope=Scope.ADMIN)
    async def list_left(self) -> LeftStates:
        """List what Tribler left where it keeps things, and can be taken over, which it was not yet."""
        imports = self._services.find(StateImports)
        if imports is None:
            return LeftStates(states=[], running=False)
        return LeftStates(states=[_left(state) for state in await imports.offered()], running=imports.is_running)

    @route("POST", "/import", scope=Scope.ADMIN, raises=(NotFoundError, ConflictError, UnavailableError))
    async def take_over(self) -> LeftState:
        """Begin to take over the first of these, and answer at once; `GET /upgrader/import` tells how far it is.

        Downloads whose files are missing come stopped. Settings, secrets and the key are left out: `POST
        /upgrader/import` takes them over if that is wanted.
        """
        imports = self._services.find(StateImports)
        if imports is None:
            msg = "The plugin upgrader is not running"
            raise UnavailableError(msg)
        if imports.is_running:
            msg = "an import runs already"
            raise ConflictError(msg)
        states = await imports.offered()
        if not states:
            msg = "there is nothing to take over"
            raise NotFoundError(msg)
        await imports.start(states[0])
        return _left(states[0])


def _left(state: OfferedState) -> LeftState:
    return LeftState(program=state.program, version=state.version, path=state.path, downloads=state.downloads)
