"""The kernel's own routes: which plugins there are, switching them, a backup of the store."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.services import PluginDirectory, PluginView
from triblerd.store import Store


class PluginList(msgspec.Struct):
    """All plugins."""

    plugins: list[PluginView]


class PluginSwitch(msgspec.Struct):
    """What shall happen to a plugin; exactly one of the two."""

    enabled: Annotated[bool | None, Meta(description="Turn it on or off, now and in the settings file")] = None
    reload: Annotated[bool | None, Meta(description="true: stop it and start it again")] = None


class PluginsEndpoint(Endpoint):
    """The plugins: their states, and switching them while the daemon runs."""

    prefix = "/plugins"

    def __init__(self, *, directory: PluginDirectory) -> None:
        self._directory = directory

    @route("GET", "")
    async def list_plugins(self) -> PluginList:
        """List every installed plugin, in starting order."""
        return PluginList(plugins=list(self._directory.plugins()))

    @route("GET", "/{name}", raises=(NotFoundError,))
    async def show_plugin(self, name: str) -> PluginView:
        """Show one plugin: state, reason, version, routes, tasks, the schema of its settings."""
        return self._directory.plugin(name)

    @route("PATCH", "/{name}", scope=Scope.ADMIN, raises=(NotFoundError, FailedError))
    async def switch_plugin(self, name: str, body: PluginSwitch) -> PluginView:
        """Turn a plugin on or off, or restart it; with it whatever requires it. Answers when that is done."""
        match body:
            case PluginSwitch(enabled=bool(enabled), reload=None):
                return await (self._directory.enable(name) if enabled else self._directory.disable(name))
            case PluginSwitch(enabled=None, reload=True):
                return await self._directory.reload(name)
        msg = "Say either enabled: true or false, or reload: true"
        raise InvalidInputError(msg)


class BackupOrder(msgspec.Struct):
    """Where the backup goes."""

    path: Annotated[str, Meta(min_length=1, description="Absolute path of a file that does not exist yet")]


class BackupDone(msgspec.Struct):
    """A finished backup."""

    path: Annotated[str, Meta(description="The file")]
    bytes: Annotated[int, Meta(description="Its size")]


class BackupEndpoint(Endpoint):
    """Copies of the store while the daemon runs."""

    prefix = "/backup"

    def __init__(self, *, store: Store) -> None:
        self._store = store

    @route("POST", "", scope=Scope.ADMIN, raises=(FailedError,))
    async def back_up(self, body: BackupOrder) -> BackupDone:
        """Copy the store to a file on the server."""
        path = Path(body.path)
        if "\0" in body.path or not path.is_absolute():
            msg = "path: expected an absolute path"
            raise InvalidInputError(msg)
        return BackupDone(path=str(path), bytes=await self._store.backup(path))
