"""``GET /healthz``: for whatever watches over the daemon."""

from collections import Counter
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from triblerd.errors import UnavailableError
from triblerd.http.endpoint import Endpoint, route
from triblerd.services import Lifecycle, Phase, PluginDirectory


class Health(msgspec.Struct):
    """How the daemon is."""

    status: Annotated[Literal["ok"], Meta(description="The daemon answers")]
    phase: Annotated[Phase, Meta(description="`STARTED` once every plugin has started and stored state is loaded")]
    plugins: Annotated[dict[str, int], Meta(description="The number of plugins by state")]


class HealthEndpoint(Endpoint):
    """Whether the daemon is well. Needs no key."""

    prefix = "/healthz"

    def __init__(self, *, lifecycle: Lifecycle, directory: PluginDirectory) -> None:
        self._lifecycle = lifecycle
        self._directory = directory

    @route("GET", "")
    async def health(self) -> Health:
        """Tell that the daemon answers, its phase, and how many plugins are in which state."""
        phase = self._lifecycle.phase
        if phase is Phase.STOPPING or self._lifecycle.fatal_error:
            msg = "The daemon is stopping" if phase is Phase.STOPPING else "The daemon cannot work"
            raise UnavailableError(msg)
        return Health(
            status="ok",
            phase=phase,
            plugins=dict(Counter(plugin.state for plugin in self._directory.plugins())),
        )
