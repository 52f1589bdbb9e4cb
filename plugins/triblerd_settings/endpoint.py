"""``GET`` and ``POST /settings``."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from triblerd.errors import FailedError, InvalidInputError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.plugin import HookCaller, hookimpl
from triblerd.services import Configuration, Lifecycle
from triblerd_settings.schemas import CurrentSettings, Modified

SWITCHES = {"upgrader_enabled": True, "gui_test_mode": False}
"""Shown beside the sections since clients look there; never stored, never changed."""
READ_ONLY = {"api": {"http_port_running": "http", "https_port_running": "https"}}
"""Shown among the settings, but found out by the daemon: the scheme whose port each key tells."""


class SettingsEndpoint(Endpoint):
    """The configuration."""

    prefix = "/settings"

    def __init__(self, *, configuration: Configuration, lifecycle: Lifecycle, hooks: HookCaller) -> None:
        self._configuration = configuration
        self._lifecycle = lifecycle
        self._hooks = hooks

    @route("GET", "", scope=Scope.ADMIN)
    async def settings(self) -> CurrentSettings:
        """Show every setting and the ports in use.

        Rates are bytes per second, durations seconds. The API key and passwords of proxies stand in clear.
        """
        sections = self._configuration.values()
        for section, keys in READ_ONLY.items():
            sections[section] |= {key: self._lifecycle.ports.get(scheme, 0) for key, scheme in keys.items()}
        return CurrentSettings(settings={**sections, **SWITCHES}, ports=sorted({*self._ports()} - {-1, 0}))

    @route(
        "POST",
        "",
        scope=Scope.ADMIN,
        raises=(FailedError,),
        examples={"body": {"general": {"log_level": "debug"}}},
    )
    async def change_settings(self, body: dict[str, Any]) -> Modified:
        """Change any number of settings: all of them, or none when one is refused.

        The body names sections and in them keys. What is not named stays. Text may stand for numbers and flags.
        """
        await self._configuration.change(_changes(body))
        return Modified()

    @hookimpl
    def triblerd_reconfigure(self) -> None:
        """Go on as before: nothing here acts upon the stored sections."""

    def _ports(self) -> Iterable[int]:
        yield from self._lifecycle.ports.values()
        for _, ports in self._hooks.call_each("triblerd_listening_ports"):
            yield from cast("Iterable[int]", ports)


def _changes(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the configuration shall change: clients post back whole answers, read-only keys included."""
    changes: dict[str, dict[str, Any]] = {}
    for name, values in body.items():
        if name in SWITCHES:
            if values != SWITCHES[name]:
                _refuse(f"{name}: cannot be changed")
        elif not isinstance(values, dict):
            _refuse(f"{name}: expected an object with settings")
        else:
            changes[name] = {key: value for key, value in values.items() if key not in READ_ONLY.get(name, ())}
    return changes


def _refuse(reason: str) -> None:
    raise InvalidInputError(reason)
