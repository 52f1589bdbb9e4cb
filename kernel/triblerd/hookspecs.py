"""Every hook that the kernel calls.

Hooks are plain functions, called for one plugin at a time; what one of them raises is written into that plugin's
record, and all other plugins go on. A plugin names only the arguments that it wants.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import ModuleType

import click
from aiohttp import web

from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookspec


@hookspec
def triblerd_manifest() -> Manifest:
    """Say who the plugin is and what it needs.

    Called once, right after the import, before any other hook. Whatever it raises makes the plugin
    ``failed_to_load``. Every plugin has this hook.

    Example::

        @hookimpl
        def triblerd_manifest() -> Manifest:
            return Manifest("hello", "Greets whoever asks.", after=("events",))
    """
    raise NotImplementedError


@hookspec
def triblerd_config() -> type[Section]:
    """Name the type of the plugin's configuration section, ``[<name>]`` in ``triblerd.conf``.

    Called once, after the manifest. Without it the section may hold nothing but ``enabled``, which the kernel
    itself reads and no section declares.

    Example::

        class HelloConfig(Section):
            greeting: Annotated[str, Meta(description="What is said")] = "Hello"

        @hookimpl
        def triblerd_config() -> type[Section]:
            return HelloConfig
    """
    raise NotImplementedError


@hookspec
def triblerd_sections() -> Mapping[str, type[Section]]:
    """Name further sections of ``triblerd.conf`` that this plugin owns, by their names in the file.

    Called once, after ``triblerd_config``. Two plugins that claim one section clash: the later one is
    ``failed_to_load``. Here ``enabled`` is a field like any other.

    Example::

        @hookimpl
        def triblerd_sections() -> Mapping[str, type[Section]]:
            return {"download_defaults": DownloadDefaults}
    """
    raise NotImplementedError


@hookspec
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Name the plugin's endpoint classes: its routes and schemas, known before anything runs.

    Called once, after the sections. A route that another plugin has already makes this one ``failed_to_load``.

    Example::

        @hookimpl
        def triblerd_endpoints() -> Iterable[type[Endpoint]]:
            return [HelloEndpoint]
    """
    raise NotImplementedError


@hookspec
def triblerd_aliases() -> Mapping[str, str]:
    """Name paths under which routes of other plugins answer as well: from each alias to the path that it stands for.

    Called once, after the endpoints. A route at or below the path answers, while its plugin declares it, at or below
    the alias, too; where a route of the same method is declared itself, that one answers. What no running plugin
    answers there is 404.

    Example::

        @hookimpl
        def triblerd_aliases() -> Mapping[str, str]:
            return {"/v2/downloads": "/downloads"}
    """
    raise NotImplementedError


@hookspec
def triblerd_events() -> Iterable[type[Event]]:
    """Name the events that the plugin may publish.

    Called once, after the endpoints. Publishing anything else raises ``LookupError``.

    Example::

        @hookimpl
        def triblerd_events() -> Iterable[type[Event]]:
            return [Greeted]
    """
    raise NotImplementedError


@hookspec
def triblerd_lifespan(context: PluginContext[Section]) -> AbstractAsyncContextManager[Running]:
    """Start the plugin, hand over what it offers, and stop it.

    Called at each start of the plugin, after those that it requires are running. What comes before ``yield``
    starts it: an exception there makes it ``failed``. What comes after ``yield`` stops it, within 20 seconds.
    By then its endpoints answer 503, its live hooks are gone and its tasks are cancelled.

    Example::

        @hookimpl
        @asynccontextmanager
        async def triblerd_lifespan(context: PluginContext[HelloConfig]) -> AsyncIterator[Running]:
            yield Running(endpoints=[HelloEndpoint(greeting=context.config.greeting)])
    """
    raise NotImplementedError


@hookspec
def triblerd_reconfigure(context: PluginContext[Section]) -> None:
    """Take changed sections live.

    Called on the running plugin's objects (``Running(hooks=[...])``) after a change of one of its sections, with a
    context that carries the new ones. It returns at once. A plugin without it is restarted instead; whatever it
    raises has the plugin restarted, too.

    Example::

        class HelloEndpoint(Endpoint):
            @hookimpl
            def triblerd_reconfigure(self, context: PluginContext[HelloConfig]) -> None:
                self._greeting = context.config.greeting
    """
    raise NotImplementedError


@hookspec
def triblerd_commands() -> Iterable[click.Command]:
    """Name the commands that the plugin adds to ``triblerd`` on the command line.

    Called by the command line alone, never by the daemon, and only when the kernel itself has no command of the
    name that the user typed. Import what a command needs inside of it.

    Example::

        @click.command()
        @click.pass_obj
        def greet(api: ApiClient) -> None:
            click.echo(api.get("/hello")["greeting"])

        @hookimpl
        def triblerd_commands() -> Iterable[click.Command]:
            return [greet]
    """
    raise NotImplementedError


@hookspec
def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
    """Add the hooks that this plugin calls and others implement.

    Called once, after the manifest. ``add`` takes a module with ``@hookspec`` functions. Implementers mark theirs
    ``@hookimpl(optionalhook=True)``, since this plugin may be turned off.

    Example::

        @hookimpl
        def triblerd_add_hookspecs(add: Callable[[ModuleType], None]) -> None:
            add(hookspecs)
    """
    raise NotImplementedError


@hookspec
def triblerd_authenticate(request: web.Request) -> str | None:
    """Sign a request in by other means than a key, and return the scope: ``read``, ``write`` or ``admin``.

    Called on running objects for each request without a valid key, and only for plugins that ``[api]
    authenticators`` names; the first scope counts. ``None`` means that it does not know the caller.

    Example::

        class TrustedProxy:
            @hookimpl
            def triblerd_authenticate(self, request: web.Request) -> str | None:
                return "read" if request.headers.get("X-Remote-User") else None
    """
    raise NotImplementedError
