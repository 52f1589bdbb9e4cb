"""From an entry point to a declaration: what a plugin says of itself before anything of it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from triblerd.config import NoSettings, Section, section_schema
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.http.schemas import Schemas
from triblerd.plugin import API_VERSION, Manifest
from triblerd.plugin_hooks import PluginHooks


class WrongManifestError(TypeError):
    """A plugin's manifest is missing or contradicts its entry point."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """Everything that a plugin declares.

    Attributes:
        sections: Its sections by name, its own one first.
    """

    manifest: Manifest
    sections: Mapping[str, type[Section]]
    endpoints: list[type[Endpoint]]
    aliases: Mapping[str, str]
    events: list[type[Event]]

    @cached_property
    def settings_schema(self) -> dict[str, object]:
        """The JSON Schema of each section by its name; made once, since it takes a millisecond."""
        return {section: section_schema(kind) for section, kind in self.sections.items()}


def declare(name: str, module: ModuleType, hooks: PluginHooks) -> Declaration:
    """Register a plugin's module and ask it all declaring hooks. Anything that a plugin may raise comes out."""
    hooks.add(name, module)
    manifest = _one(hooks, name, "triblerd_manifest")
    _check(name, manifest)
    hooks.call(name, "triblerd_add_hookspecs", add=hooks.add_hookspecs)
    own = _one(hooks, name, "triblerd_config") or NoSettings
    further = _one(hooks, name, "triblerd_sections") or {}
    endpoints = list(_one(hooks, name, "triblerd_endpoints") or ())
    Schemas([route for endpoint in endpoints for route in endpoint.routes])  # or one plugin breaks everybody's document
    return Declaration(
        manifest=manifest,
        sections={name: own, **further},
        endpoints=endpoints,
        aliases=_one(hooks, name, "triblerd_aliases") or {},
        events=list(_one(hooks, name, "triblerd_events") or ()),
    )


def _one(hooks: PluginHooks, name: str, hook: str) -> Any:
    return next(iter(hooks.call(name, hook)), None)


def _check(name: str, manifest: object) -> None:
    if not isinstance(manifest, Manifest):
        msg = "triblerd_manifest() is missing" if manifest is None else "triblerd_manifest() returns no Manifest"
        raise WrongManifestError(msg)
    if manifest.name != name:
        msg = f"the manifest says {manifest.name}, the entry point {name}"
        raise WrongManifestError(msg)
    if min(manifest.data_version, manifest.settings_version) < 1:
        msg = "versions of data and of settings begin with 1"
        raise WrongManifestError(msg)
    if manifest.api_version != API_VERSION:
        msg = f"it needs version {manifest.api_version} of the plugin interface; this daemon has {API_VERSION}"
        raise WrongManifestError(msg)
