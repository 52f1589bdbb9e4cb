"""The settings file of a first start: every setting there is, commented out, with its default and its meaning."""

import textwrap
from collections.abc import Mapping

from triblerd.config import Section, description_of, fields_of, is_secret, to_plain

HEADER = """\
# The settings of triblerd, in TOML. What is commented out is the default.
# Durations are seconds, sizes bytes, rates bytes per second, unless a line says otherwise.
# After an edit: kill -HUP the daemon, or `triblerd plugins reload NAME`. `triblerd check` finds mistakes.
"""


def settings_text(sections: Mapping[str, type[Section]], plugins: Mapping[str, bool], key: str) -> str:
    """Return the text of a new settings file.

    Args:
        sections: Every known section.
        plugins: Every known plugin, with whether it runs by default.
        key: The main API key.
    """
    names = [*sections, *(name for name in plugins if name not in sections)]
    parts = [HEADER]
    for name in names:
        lines = [f"[{name}]"]
        if name in plugins:
            lines += [f"# enabled = {str(plugins[name]).lower()}"]
        if kind := sections.get(name):
            lines += _described(kind, {"key": key} if name == "api" else {})
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _described(kind: type[Section], chosen: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    defaults = to_plain(kind.empty())
    for name, field in fields_of(kind).items():
        if text := description_of(field):
            lines += textwrap.wrap(text + ".", 110, initial_indent="# ", subsequent_indent="# ")
        if name in chosen:
            lines.append(f'{name} = "{chosen[name]}"')
        elif not (is_secret(field) and defaults[name] is None):
            lines.append(f"# {name} = {_toml(defaults[name])}")
    return lines


def _toml(value: object) -> str:
    import tomlkit  # noqa: PLC0415 - only a first start needs it

    if value is None:
        return "(unset)"
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table.as_string()
    return tomlkit.item(value).as_string()
