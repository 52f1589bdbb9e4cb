"""``GET`` and ``POST /api/settings``."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from triblerd.errors import FailedError
from triblerd.http.endpoint import Scope, route
from triblerd.services import Configuration, Lifecycle
from triblerd_tribler8.parts import Dialect
from triblerd_tribler8.settings.view import SettingsView


class CurrentSettings(msgspec.Struct, frozen=True):
    """The configuration in force, keys and passwords in clear."""

    settings: Annotated[dict[str, Any], Meta(description="Every section with every key, defaults filled in")]


class Modified(msgspec.Struct, frozen=True):
    """The changes are stored and in force as far as they can be without a restart."""

    modified: Annotated[bool, Meta(description="Always true")] = True


class SettingsPart(Dialect):
    """The configuration as version 8 names it."""

    prefix = "/api/settings"

    _view: SettingsView

    async def open(self) -> None:
        """Open what is kept for clients."""
        self._view = SettingsView(
            configuration=self.context.service(Configuration),
            daemon=self.context.service(Lifecycle),
            store=self.context.store,
            table=await self.context.store.table("setting", bytes),
        )

    @route("GET", "", scope=Scope.ADMIN)
    async def settings(self) -> CurrentSettings:
        """Show every setting; those that `/settings` has too are the same ones.

        Rates are bytes per second, durations seconds. The API key and passwords of proxies stand in clear.
        """
        return CurrentSettings(self._view.settings())

    @route(
        "POST",
        "",
        scope=Scope.ADMIN,
        raises=(FailedError,),
        examples={"body": {"libtorrent": {"download_defaults": {"saveas": "/srv/torrents"}}, "ui": {"theme": "dark"}}},
    )
    async def change_settings(self, body: dict[str, Any]) -> Modified:
        """Change any number of settings: all of them, or none when one is refused.

        Objects are merged, every other value replaces the old one. What is below `ui` belongs to clients.
        """
        await self._view.change(body)
        return Modified()
