"""What is known of each plugin, and the states that it goes through."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from triblerd.plugin import Manifest
from triblerd.plugin_discovery import FoundPlugin


class PluginState(StrEnum):
    """Where a plugin is in its life."""

    FOUND = "found"
    DISABLED = "disabled"
    IMPORTED = "imported"
    FAILED_TO_LOAD = "failed_to_load"
    DECLARED = "declared"
    MISCONFIGURED = "misconfigured"
    ORDERED = "ordered"
    UNMET = "unmet"
    STARTING = "starting"
    FAILED = "failed"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


_S = PluginState
_NEXT: Final[dict[PluginState, set[PluginState]]] = {
    _S.FOUND: {_S.DISABLED, _S.IMPORTED, _S.FAILED_TO_LOAD},
    _S.DISABLED: {_S.FOUND},
    _S.IMPORTED: {_S.DECLARED, _S.FAILED_TO_LOAD},
    _S.FAILED_TO_LOAD: {_S.FOUND, _S.DISABLED},
    _S.DECLARED: {_S.ORDERED, _S.MISCONFIGURED, _S.UNMET, _S.DISABLED},
    _S.MISCONFIGURED: {_S.DECLARED, _S.DISABLED},
    _S.ORDERED: {_S.STARTING, _S.UNMET, _S.DISABLED, _S.DECLARED},
    _S.UNMET: {_S.ORDERED, _S.DISABLED, _S.DECLARED, _S.MISCONFIGURED},
    _S.STARTING: {_S.RUNNING, _S.FAILED},
    _S.FAILED: {_S.DECLARED, _S.DISABLED},
    _S.RUNNING: {_S.STOPPING},
    _S.STOPPING: {_S.STOPPED},
    _S.STOPPED: {_S.DECLARED, _S.DISABLED},
}

DECLARED_STATES: Final = frozenset(
    {_S.DECLARED, _S.MISCONFIGURED, _S.ORDERED, _S.UNMET, _S.STARTING, _S.FAILED, _S.RUNNING, _S.STOPPING, _S.STOPPED}
)
"""States in which the plugin's routes and events are known."""


class PluginRecord:
    """One plugin: where it comes from, its state, and why it is in it.

    Args:
        found: The entry point.
        on_change: Told after each transition.
    """

    def __init__(self, found: FoundPlugin, on_change: Callable[["PluginRecord"], None]) -> None:
        self.found = found
        self.name = found.name
        self.state = PluginState.FOUND
        self.reason = ""
        self.manifest = Manifest(found.name, "")
        self._on_change = on_change

    def move(self, state: PluginState, reason: str = "") -> None:
        """Go to another state.

        Raises:
            RuntimeError: no plugin goes from the present state to that one.
        """
        if state not in _NEXT[self.state]:
            msg = f"{self.name} cannot go from {self.state} to {state}"
            raise RuntimeError(msg)
        self.state = state
        self.reason = reason
        self._on_change(self)

    @property
    def is_declared(self) -> bool:
        """Whether the plugin's routes and events are known."""
        return self.state in DECLARED_STATES

    def blame(self, reason: str) -> None:
        """Note a fault that does not end the present state."""
        self.reason = reason
