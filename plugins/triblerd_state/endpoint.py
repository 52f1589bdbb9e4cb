"""``GET /state``."""

from typing import Literal

from triblerd.http.endpoint import Endpoint, route
from triblerd.plugin import HookCaller
from triblerd.services import Lifecycle, Phase, PluginDirectory
from triblerd_state.schemas import DaemonState, PluginState

_NAMES: dict[Phase, Literal["STARTING", "UPGRADING", "STARTED"]] = {
    Phase.STARTING: "STARTING",
    Phase.UPGRADING: "UPGRADING",
    Phase.STARTED: "STARTED",
    Phase.STOPPING: "STARTED",  # clients of this route know no word for it
}


class StateEndpoint(Endpoint):
    """Where the daemon is in its life."""

    prefix = "/state"

    def __init__(self, *, lifecycle: Lifecycle, directory: PluginDirectory, hooks: HookCaller) -> None:
        self._lifecycle = lifecycle
        self._directory = directory
        self._hooks = hooks

    @route("GET", "")
    async def state(self) -> DaemonState:
        """Tell whether the daemon has started, what it does meanwhile, and how each plugin is."""
        lifecycle = self._lifecycle
        reports = {name: str(report) for name, report in self._hooks.call_each("triblerd_state_report")}
        return DaemonState(
            state="EXCEPTION" if lifecycle.fatal_error else _NAMES[lifecycle.phase],
            last_exception=lifecycle.fatal_error or lifecycle.last_error,
            readable_state=lifecycle.step,
            plugins={
                plugin.name: PluginState(state=plugin.state, reason=plugin.reason, report=reports.get(plugin.name))
                for plugin in self._directory.plugins()
            },
        )
