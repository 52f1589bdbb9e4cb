"""The configuration as a whole: layers, checks, changes.

Command line wins over environment, environment over file, file over default. A section is resolved field by field; all
problems are collected, so that a user mends them in one go.
"""

import asyncio
import difflib
import logging
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from triblerd.config import (
    KERNEL_SECTIONS,
    Section,
    convert_setting,
    fields_of,
    plain_types,
    spelled_out,
    to_plain,
)
from triblerd.errors import InvalidInputError
from triblerd.settings_file import VERSIONS, BrokenSettingsError, SettingsFile, Values

log = logging.getLogger(__name__)

ENVIRONMENT_PREFIX = "TRIBLERD_"
ENABLED = "enabled"
API = "api"
FIRST_VERSION = 1
"""Of data and settings that no version stands beside."""

S = TypeVar("S", bound=Section)
Apply = Callable[[], Awaitable[None]]


class SectionClashError(InvalidInputError):
    """Two plugins claim one section."""


class ConfigurationLayers:
    """Where values come from, the strongest first: command line, environment, file."""

    def __init__(
        self, file: SettingsFile, environment: Mapping[str, str], overrides: Mapping[str, Mapping[str, object]]
    ) -> None:
        self._file = file
        self._overrides = {name: dict(values) for name, values in overrides.items()}
        self._environment = _from_environment(environment)
        self._core = {key: environment[key] for key in ("CORE_API_PORT", "CORE_API_KEY") if environment.get(key)}
        self.stored: Values = {}
        self.versions: Mapping[str, int] = {}
        """Of which version the file's sections of each plugin are."""

    def read(self) -> None:
        """Read the file anew.

        Raises:
            BrokenSettingsError: the file is broken; what was read before stays.
        """
        stored = self._file.read()
        versions: dict[str, int] = {}
        for name, version in stored.pop(VERSIONS, {}).items():
            if not isinstance(version, int) or version < 1:
                raise BrokenSettingsError(self._file.path, f"{VERSIONS}.{name}: expected the number of a version")
            versions[name] = version
        self.stored, self.versions = stored, versions

    def names(self) -> set[str]:
        """Return every section that some layer mentions."""
        return {*self._overrides, *self._environment, *self.stored}

    def section(self, name: str) -> dict[str, object]:
        """Return what all layers together say of one section, before any check."""
        values = {**self.stored.get(name, {}), **self._environment.get(name, {})}
        if name == API:
            values |= self._core_api(values)
        return {**values, **self._overrides.get(name, {})}

    def _core_api(self, values: Mapping[str, object]) -> dict[str, object]:
        found: dict[str, object] = {}
        if port := self._core.get("CORE_API_PORT"):
            found |= {"http_port": port, "http_enabled": True}
        if (key := self._core.get("CORE_API_KEY")) and values.get("key") != "":  # an explicitly empty key stays
            found["key"] = key
        return found


class ConfigurationService:
    """Implements :class:`triblerd.services.Configuration`, and what the kernel needs beyond it.

    Args:
        file: The settings file.
        layers: Where values come from.

    Attributes:
        apply: Awaited after a change has been stored; it tells plugins.
    """

    def __init__(self, *, file: SettingsFile, layers: ConfigurationLayers) -> None:
        self._file = file
        self._layers = layers
        self._types: dict[str, type[Section]] = dict(KERNEL_SECTIONS)
        self._owners: dict[str, str] = dict.fromkeys(KERNEL_SECTIONS, "kernel")
        self._versions: dict[str, int] = {}
        self._plugins: dict[str, bool] = {}
        self._changing = asyncio.Lock()
        self.apply: Apply = _nothing

    def know_plugins(self, defaults: Mapping[str, bool]) -> None:
        """Learn which plugins there are and whether they run by default."""
        self._plugins = dict(defaults)

    def declare(self, owner: str, sections: Mapping[str, type[Section]], version: int = FIRST_VERSION) -> None:
        """Take over the sections of a plugin, of a version.

        Raises:
            SectionClashError: another owner has one of them.
        """
        for name in sections:
            if (other := self._owners.get(name, owner)) != owner:
                msg = f"the section [{name}] belongs to {other}"
                raise SectionClashError(msg)
        self._types |= sections
        self._owners |= dict.fromkeys(sections, owner)
        self._versions[owner] = version

    def retract(self, owner: str) -> None:
        """Forget the sections of a plugin."""
        for name in [name for name, by in self._owners.items() if by == owner]:
            del self._types[name], self._owners[name]
        self._versions.pop(owner, None)

    def sections_of(self, owner: str) -> list[str]:
        """Return the names of the sections that belong to ``owner``."""
        return [name for name, by in self._owners.items() if by == owner]

    def is_set(self, owner: str) -> bool:
        """Return whether the file sets anything in the sections of ``owner``, but for ``enabled``."""
        return any(
            key != ENABLED or section != owner
            for section in self.sections_of(owner)
            for key in self._layers.stored.get(section, {})
        )

    def new_versions(self) -> dict[str, int]:
        """Return the versions of which the settings of owners will be that have none yet, where the file says less."""
        return {
            owner: version
            for owner, version in self._versions.items()
            if self._layers.versions.get(owner, FIRST_VERSION) < version and not self.is_set(owner)
        }

    def section_types(self) -> Mapping[str, type[Section]]:
        """Return every declared section by name."""
        return dict(self._types)

    def is_enabled(self, plugin: str) -> bool:
        """Return whether a plugin shall run."""
        wanted = spelled_out(bool, self._layers.section(plugin).get(ENABLED))
        return wanted if isinstance(wanted, bool) else self._plugins.get(plugin, False)

    def resolve(self, name: str) -> tuple[Section, list[str]]:
        """Return a section with every value that is right, and what was wrong with the others."""
        kind = self._types[name]
        fields = fields_of(kind)
        right: dict[str, object] = {}
        problems: list[str] = []
        for key, value in self._layers.section(name).items():
            if name in self._plugins and key == ENABLED:
                if not isinstance(spelled_out(bool, value), bool):
                    problems.append(f"{name}.{ENABLED}: expected true or false")
            elif key not in fields:
                if not kind.free_form:
                    log.debug("%s", _unknown_setting(name, key, fields))
            else:
                try:
                    right[key] = convert_setting(name, fields[key], _parsed(fields[key], value))
                except InvalidInputError as error:
                    instead = ""
                    if key in kind.careful:
                        right[key] = kind.careful[key]
                        instead = f"; it is {to_plain(kind(**{key: right[key]}))[key]!r} now"
                    problems.append(f"{error}{instead}")
        return kind(**right), problems

    def get(self, name: str, kind: type[S]) -> S:
        """Return one section as it is in force; wrong values are the defaults."""
        section, _ = self.resolve(name)
        if not isinstance(section, kind):
            raise TypeError(name)
        return section

    def values(self) -> Values:
        """Return all sections as plain values; see :class:`triblerd.services.Configuration`."""
        found: Values = {name: to_plain(self.resolve(name)[0]) for name in self._types}
        for plugin in self._plugins:
            if plugin not in found:
                found[plugin] = dict(self._layers.stored.get(plugin, {}))
            found[plugin] = {ENABLED: self.is_enabled(plugin)} | {
                key: value for key, value in found[plugin].items() if key != ENABLED
            }
        return found

    def unknown(self) -> list[str]:
        """Return one line for each section and key that nothing here knows, with the nearest known name."""
        lines = []
        known = {*self._types, *self._plugins}
        for name in sorted(self._layers.names()):
            if name not in known:
                lines.append(f"unknown section [{name}]{nearest(name, known)}")
            elif name in self._types and not self._types[name].free_form:
                fields = fields_of(self._types[name])
                keys = {*fields, ENABLED} if name in self._plugins else set(fields)
                lines += [_unknown_setting(name, key, keys) for key in self._layers.section(name) if key not in keys]
        return lines

    def problems(self) -> list[str]:
        """Return one line for each wrong value of each declared section."""
        return [line for name in self._types for line in self.resolve(name)[1]]

    def reload(self) -> None:
        """Read the file anew.

        Raises:
            BrokenSettingsError: the file is broken; the present values stay.
        """
        self._layers.read()

    async def change(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Check, store and apply changes; see :class:`triblerd.services.Configuration`."""
        async with self._changing:
            wanted = self._checked(changes)
            if not wanted:
                return
            if versions := self.new_versions():
                wanted[VERSIONS] = {**versions}
            await asyncio.to_thread(self._file.change, wanted)
            self._layers.read()
        await self.apply()

    def _checked(self, changes: Mapping[str, Mapping[str, object]]) -> Values:
        present = self.values()
        wanted: Values = {}
        for name, values in changes.items():
            if name not in present:
                msg = f"Unknown section: {name}"
                raise InvalidInputError(msg)
            for key, value in values.items():
                plain = self._checked_value(name, key, value, present[name])
                if key not in present[name] or plain != present[name][key]:
                    wanted.setdefault(name, {})[key] = plain
        for name, values in wanted.items():
            if problem := self._objection(name, values):
                raise InvalidInputError(problem)
        return wanted

    def _objection(self, name: str, values: Mapping[str, object]) -> str:
        """Return what a section has against values each of which could be its own; an empty text: nothing."""
        if name not in self._types:
            return ""
        before, _ = self.resolve(name)
        fields = fields_of(type(before))
        changed = {key: convert_setting(name, fields[key], value) for key, value in values.items() if key in fields}
        return msgspec.structs.replace(before, **changed).objection(before)

    def _checked_value(self, name: str, key: str, value: object, present: Mapping[str, object]) -> object:
        if name in self._plugins and key == ENABLED:
            flag = spelled_out(bool, bool(value) if value in (0, 1) else value)
            if not isinstance(flag, bool):
                msg = f"{name}.{ENABLED}: expected true or false"
                raise InvalidInputError(msg)
            return flag
        kind = self._types.get(name)
        fields = fields_of(kind) if kind else {}
        if key not in fields:
            if (kind and kind.free_form) or (key in present and value == present[key]):
                return value
            msg = f"Unknown setting: {name}.{key}"
            raise InvalidInputError(msg)
        return to_plain(convert_setting(name, fields[key], value))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known name most like ``name``, or an empty text."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _unknown_setting(section: str, key: str, known: Iterable[str]) -> str:
    return f"unknown setting {section}.{key}{nearest(key, known)}"


def _from_environment(environment: Mapping[str, str]) -> Values:
    values: Values = {}
    for variable, text in environment.items():
        section, separator, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if variable.startswith(ENVIRONMENT_PREFIX) and separator and section and key:
            values.setdefault(section, {})[key] = text
    return values


def _parsed(field: msgspec.structs.FieldInfo, value: object) -> Any:
    """Return the TOML value that a text stands for where a field wants a list or a table (environment, --set)."""
    if isinstance(value, str) and not {str, bool, int, float} & set(plain_types(field.type)):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            return value
    return value


async def _nothing() -> None:
    """Before plugins are there, nobody needs to be told."""
