"""``/versions``."""

import asyncio
import platform
import sys

from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.plugin import API_VERSION
from triblerd.services import Lifecycle, PluginDirectory
from triblerd_versioning.api import UpdateCheck, UpdateSourceError
from triblerd_versioning.inventory import libraries
from triblerd_versioning.schemas import PluginVersion, Update, Versions


class VersionsEndpoint(Endpoint):
    """What runs here, and whether there is something newer."""

    prefix = "/versions"

    def __init__(self, *, lifecycle: Lifecycle, directory: PluginDirectory, updates: UpdateCheck) -> None:
        self._lifecycle = lifecycle
        self._directory = directory
        self._updates = updates

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
