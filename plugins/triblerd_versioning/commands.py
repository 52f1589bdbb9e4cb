"""``triblerd versions``: what runs, and whether there is something newer."""

from collections.abc import Sequence

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, print_table


@click.group()
def versions() -> None:
    """See what runs, and look for a newer release."""


@versions.command()
@json_option
@click.pass_obj
def show(api: ApiClient, *, as_json: bool) -> None:
    """Show the versions of the daemon, of Python, of libraries and plugins: what belongs into a report of a mistake."""
    found = api.get("/versions")
    if as_json:
        print_json(found)
        return
    rows = [
        ("triblerd", found["version"]),
        ("plugin API", str(found["plugin_api"])),
        ("Python", found["python"]),
        ("platform", found["platform"]),
        *found["libraries"].items(),
        *((f"plugin {one['name']}", f"{one['version']} ({one['state']})".strip()) for one in found["plugins"]),
    ]
    print_table(("WHAT", "VERSION"), rows)


@versions.command()
@json_option
@click.pass_obj
def check(api: ApiClient, *, as_json: bool) -> None:
    """Ask the configured source for a newer release."""
    found = api.get("/versions/check")
    if as_json:
        print_json(found)
    elif found["has_version"]:
        click.echo(f"{plain_text(found['new_version'])} is newer than {found['version']}, which runs")
    elif found["has_source"]:
        click.echo(f"There is nothing newer than {found['version']}")
    else:
        click.echo("Nobody is asked: versioning.update_url names nobody")


COMMANDS: Sequence[click.Command] = (versions,)
