"""``triblerd config``: the settings, shown and changed."""

import asyncio
import json
import tomllib
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, print_json
from triblerd.errors import InvalidInputError
from triblerd.settings_file import FILE_NAME

HIDDEN = "***"

Values = dict[str, dict[str, Any]]


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def config(context: click.Context, *, as_json: bool) -> None:
    """Show all settings in force, or change some. Keys and passwords are shown as ***."""
    if context.invoked_subcommand is not None:
        return
    values = _without_secrets(context.obj, _values(context.obj))
    if as_json:
        print_json(values)
        return
    for section, settings in values.items():
        click.echo(f"[{section}]")
        for key, value in settings.items():
            click.echo(f"{key} = {_shown(value)}")
        click.echo()


@config.command()
@click.pass_obj
def path(api: ApiClient) -> None:
    """Print where the settings file is."""
    click.echo(api.state_dir / FILE_NAME)


@config.command("get")
@click.argument("name", metavar="SECTION.KEY")
@json_option
@click.pass_obj
def get_setting(api: ApiClient, name: str, *, as_json: bool) -> None:
    """Print one setting, also a secret one."""
    section, key = split_name(name)
    values = _values(api)
    if key not in values.get(section, {}):
        msg = f"Unknown setting: {name}"
        raise InvalidInputError(msg)
    value = values[section][key]
    if as_json:
        print_json(value)
    else:
        click.echo(value if isinstance(value, str) else _shown(value))


@config.command("set")
@click.argument("assignments", metavar="SECTION.KEY=VALUE...", nargs=-1, required=True)
@click.pass_obj
def set_settings(api: ApiClient, assignments: tuple[str, ...]) -> None:
    """Change settings: of the running daemon, which takes them at once, or in the file."""
    changes = parse_assignments(assignments)
    if api.is_running():
        api.call("POST", "/settings", changes)
        return
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin

    asyncio.run(Installation(api.state_dir).change(changes))


def parse_assignments(assignments: tuple[str, ...]) -> Values:
    """Return the settings that texts such as ``api.http_port=8085`` name, by section and key.

    Raises:
        InvalidInputError: a text is no assignment.
    """
    changes: Values = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            msg = f"{assignment}: expected SECTION.KEY=VALUE"
            raise InvalidInputError(msg)
        section, key = split_name(name.strip())
        changes.setdefault(section, {})[key] = _parsed(text.strip())
    return changes


def split_name(name: str) -> tuple[str, str]:
    """Return section and key of ``section.key``.

    Raises:
        InvalidInputError: the text does not have two parts.
    """
    section, _, key = name.partition(".")
    if not section or not key:
        msg = f"{name}: expected SECTION.KEY"
        raise InvalidInputError(msg)
    return section, key


def _parsed(text: str) -> object:
    """Return lists, tables and quoted texts as TOML has them; numbers and flags are made of text where they belong."""
    if text.startswith(("[", "{", '"', "'")):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError as error:
            msg = f"{text}: {error}"
            raise InvalidInputError(msg) from error
    return text


def _shown(value: object) -> str:
    import tomlkit  # noqa: PLC0415 - fast start

    if value is None:
        return "(unset)"
    return json.dumps(value) if isinstance(value, dict) else tomlkit.item(value).as_string()


def _values(api: ApiClient) -> Values:
    if api.is_running():
        values: Values = api.get("/settings")["settings"]
        return {section: settings for section, settings in values.items() if isinstance(settings, dict)}
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin

    return Installation(api.state_dir).configuration.values()


def _without_secrets(api: ApiClient, values: Values) -> Values:
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin
    from triblerd.config import fields_of, is_secret  # noqa: PLC0415

    types = Installation(api.state_dir).configuration.section_types()
    secret = {(name, key) for name, kind in types.items() for key, field in fields_of(kind).items() if is_secret(field)}
    secret.add(("api", "keys"))  # a table of named keys
    return {
        name: {key: HIDDEN if (name, key) in secret and value else value for key, value in settings.items()}
        for name, settings in values.items()
    }
