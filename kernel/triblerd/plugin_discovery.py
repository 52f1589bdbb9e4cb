"""Which plugins there are: entry points, read without importing anything."""

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from triblerd.config import Section
from triblerd.plugin import CONTRIB_GROUP, PLUGIN_GROUP, SECTION_GROUP, Manifest


@dataclass(frozen=True, kw_only=True)
class FoundPlugin:
    """A plugin that is installed.

    Attributes:
        name: The entry point's name: the area.
        is_contrib: Whether it runs only when the configuration turns it on.
        origin: The distribution that brings it.
        version: That distribution's version.
        section_points: Of sections that can be known without the plugin, by their names.
    """

    name: str
    entry_point: EntryPoint
    is_contrib: bool
    origin: str
    version: str
    section_points: Mapping[str, EntryPoint]

    def load(self) -> ModuleType:
        """Import the plugin's module. Anything may be raised."""
        module = self.entry_point.load()
        if not isinstance(module, ModuleType):
            msg = f"the entry point {self.entry_point.value} is no module"
            raise TypeError(msg)
        return module

    def sections(self) -> Mapping[str, type[Section]]:
        """Import the sections that can be known without the plugin. Anything may be raised."""
        return {name: entry_point.load() for name, entry_point in self.section_points.items()}

    def lacks(self, manifest: Manifest) -> str:
        """Say which of the modules of its extra cannot be imported; empty when all are there."""
        importlib.invalidate_caches()  # they may have been installed a moment ago
        for module in manifest.modules:
            if importlib.util.find_spec(module) is None:
                install = f"pip install '{self.origin}[{manifest.extra}]'"
                return f"requires the Python module {module}, which is not installed: {install}"
        return ""


def find_plugins(extra: Iterable[EntryPoint] = ()) -> list[FoundPlugin]:
    """Return every installed plugin by name; of two with one name the first found counts.

    Args:
        extra: Entry points to add to those that are installed, for tests of a plugin that is not.
    """
    found: dict[str, FoundPlugin] = {}
    sections = entry_points(group=SECTION_GROUP)
    groups = [*extra, *entry_points(group=PLUGIN_GROUP), *entry_points(group=CONTRIB_GROUP)]
    for entry_point in groups:
        distribution = entry_point.dist
        package = _package(entry_point)
        found.setdefault(
            entry_point.name,
            FoundPlugin(
                name=entry_point.name,
                entry_point=entry_point,
                is_contrib=entry_point.group == CONTRIB_GROUP,
                origin=distribution.name if distribution else "",
                version=distribution.version if distribution else "",
                section_points={section.name: section for section in sections if _package(section) == package},
            ),
        )
    return sorted(found.values(), key=lambda plugin: plugin.name)


def _package(entry_point: EntryPoint) -> str:
    return entry_point.module.partition(".")[0]
