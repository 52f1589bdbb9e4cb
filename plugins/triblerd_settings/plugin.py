"""The hooks of the settings plugin."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import ModuleType

from triblerd.config import NoSettings, Section
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, Lifecycle
from triblerd_settings import hookspecs
from triblerd_settings.endpoint import SettingsEndpoint
from triblerd_settings.stored import STORED_SECTIONS


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("settings", "Shows the configuration and takes changes of it.")


@hookimpl
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Let plugins name their ports."""
    add(hookspecs)


@hookimpl
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Keep the documented sections that no plugin acts upon yet."""
    return STORED_SECTIONS


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/settings``."""
    return [SettingsEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    endpoint = SettingsEndpoint(
        configuration=context.service(Configuration), lifecycle=context.service(Lifecycle), hooks=context.hooks
    )
    yield Running(endpoints=[endpoint], hooks=[endpoint])
