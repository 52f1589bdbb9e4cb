"""``triblerd plugins``: which plugins there are, and switching them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, print_json, print_table
from triblerd.errors import InvalidInputError


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def plugins(context: click.Context, *, as_json: bool) -> None:
    """List the plugins, or switch one of them while the daemon runs."""
    if context.invoked_subcommand is None:
        api: ApiClient = context.obj
        _show(api.get("/plugins")["plugins"] if api.is_running() else _installed(api), as_json=as_json)


@plugins.command("list")
@json_option
@click.pass_context
def list_plugins(context: click.Context, *, as_json: bool) -> None:
    """List the plugins: name, state, and the reason of that state."""
    context.invoke(plugins, as_json=as_json)


@plugins.command()
@click.argument("name")
@json_option
@click.pass_obj
def enable(api: ApiClient, name: str, *, as_json: bool) -> None:
    """Turn a plugin on, now and in the settings file."""
    _switch(api, name, enabled=True, as_json=as_json)


@plugins.command()
@click.argument("name")
@json_option
@click.pass_obj
def disable(api: ApiClient, name: str, *, as_json: bool) -> None:
    """Turn a plugin off, now and in the settings file, with all that require it."""
    _switch(api, name, enabled=False, as_json=as_json)


@plugins.command()
@click.argument("name")
@json_option
@click.pass_obj
def reload(api: ApiClient, name: str, *, as_json: bool) -> None:
    """Stop a plugin of the running daemon and start it again, with all that require it."""
    _show([api.call("PATCH", f"/plugins/{name}", {"reload": True})], as_json=as_json)


def _switch(api: ApiClient, name: str, *, enabled: bool, as_json: bool) -> None:
    if api.is_running():
        _show([api.call("PATCH", f"/plugins/{name}", {"enabled": enabled})], as_json=as_json)
        return
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin
    from triblerd.configuration import nearest  # noqa: PLC0415

    installation = Installation(api.state_dir)
    if name not in installation.found:
        msg = f"There is no plugin {name}{nearest(name, installation.found)}"
        raise InvalidInputError(msg)
    asyncio.run(installation.change({name: {"enabled": enabled}}))
    _show([row for row in _installed(api) if row["name"] == name], as_json=as_json)


def _installed(api: ApiClient) -> list[dict[str, Any]]:
    """Return the plugins as they are without a daemon."""
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin

    installation = Installation(api.state_dir)
    reasons = installation.reasons()

    def state(name: str) -> str:
        if not installation.configuration.is_enabled(name):
            return "disabled"
        if name in installation.faults:
            return "failed_to_load"
        return "unmet" if name in reasons else "declared"

    return [
        {
            "name": name,
            "state": state(name),
            "reason": reasons.get(name, ""),
            "summary": installation.declarations[name].manifest.summary if name in installation.declarations else "",
            "version": plugin.version,
            "origin": plugin.origin,
        }
        for name, plugin in installation.found.items()
    ]


def _show(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("NAME", "STATE", "ABOUT"), [(row["name"], row["state"], row["reason"] or row["summary"]) for row in rows]
        )
