"""What crosses the border between the kernel and a plugin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec
import pluggy

from triblerd.config import Section
from triblerd.events import EventBus
from triblerd.http.endpoint import Endpoint
from triblerd.store import StoreView
from triblerd.tasks import Tasks

PROJECT = "triblerd"
PLUGIN_GROUP = "triblerd"
"""Entry points of plugins that run unless the configuration turns them off."""
CONTRIB_GROUP = "triblerd.contrib"
"""Entry points of plugins that run only when the configuration turns them on."""
SECTION_GROUP = "triblerd.sections"
"""Entry points of sections, from the same top-level package as their plugin: what can be set while that is off."""
API_VERSION = 1
"""The version of this border. It changes when a plugin written for the old one can no longer work."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

C = TypeVar("C", bound=Section)
S = TypeVar("S", bound=Section)
T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True):
    """Who a plugin is and what it needs.

    Attributes:
        name: The area: also the entry point, the configuration section and the tag in the API's description.
        summary: One sentence for people.
        requires: Plugins without which this one cannot run. They start before it and stop after it.
        after: Plugins that start before this one when they are enabled at all.
        finds: Further plugins whose services it looks for once it is asked something; they may start before or after.
        version: The plugin's own version; empty means the version of the distribution that brings it.
        api_version: The version of the plugin border that it was written for.
        early: It starts before all that are not, and stops after them, as far as ``requires`` and ``after`` allow: for
            what answers from the daemon's beginning to its end.
        data_version: Of what the plugin keeps in the store. It rises by one whenever older data have to be converted,
            and the hook ``triblerd_migrations`` names what converts them.
        settings_version: Of the plugin's sections in ``triblerd.conf``, likewise.
        extra: The extra of its distribution that brings ``modules``, such as ``overlay`` of ``triblerd[overlay]``.
        modules: Top-level modules that not every installation has, and without which it cannot run. Its own modules
            import them while it starts, or later: what it declares has to be known without them.
    """

    name: str
    summary: str
    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    version: str = ""
    api_version: int = API_VERSION
    early: bool = False
    data_version: int = 1
    settings_version: int = 1
    extra: str = ""
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Running:
    """What a started plugin gives to the daemon.

    Attributes:
        endpoints: One object for each class that ``triblerd_endpoints`` declared.
        services: What other plugins may ask for, by protocol or class.
        hooks: Objects whose hook methods are called while the plugin runs.
    """

    endpoints: Sequence[Endpoint] = ()
    services: Mapping[type, object] = field(default_factory=dict)
    hooks: Sequence[object] = ()


class HookCaller(Protocol):
    """Calls a hook plugin by plugin; one that fails is logged, noted in its record, and left out."""

    def call_each(self, hook: str, **arguments: object) -> Iterator[tuple[str, object]]:
        """Yield ``(plugin, answer)`` for each plugin that implements ``hook``, in starting order."""


class Services(Protocol):
    """Finds what the kernel and the running plugins offer."""

    def find(self, kind: type[T]) -> T | None:
        """Return the service, or ``None`` while nobody offers it."""


@dataclass(frozen=True, kw_only=True)
class PluginContext(Generic[C]):
    """Everything that the kernel hands to one plugin for the time that it runs.

    Attributes:
        name: The plugin's own name.
        config: The plugin's own section.
        sections: Its further sections, by name (see ``triblerd_sections``).
        state_dir: The daemon's state directory. What the daemon learns belongs into ``store``; this is for files.
        store: The plugin's own part of the store.
        events: The bus; publish only what ``triblerd_events`` names.
        tasks: Starts background work that ends with the plugin.
        hooks: Calls hooks of other plugins.
        services: Finds services of the kernel and of other plugins.
    """

    name: str
    config: C
    sections: Mapping[str, Section]
    state_dir: Path
    store: StoreView
    events: EventBus
    tasks: Tasks
    hooks: HookCaller
    services: Services

    def service(self, kind: type[T]) -> T:
        """Return a service of the kernel or of a plugin that the manifest requires.

        Raises:
            LookupError: nobody offers it; the manifest lacks a ``requires``.
        """
        found = self.services.find(kind)
        if found is None:
            msg = f"{self.name} asks for {kind.__name__}, which no running plugin offers"
            raise LookupError(msg)
        return found

    def section(self, kind: type[S]) -> S:
        """Return one of the plugin's further sections.

        Raises:
            LookupError: ``triblerd_sections`` does not name a section of this type.
        """
        for section in self.sections.values():
            if isinstance(section, kind):
                return section
        msg = f"{self.name} has no section of the type {kind.__name__}"
        raise LookupError(msg)
