"""``triblerd check``: everything that is wrong, at once, before a daemon is started."""

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, print_json
from triblerd.exit_codes import ExitCode


@click.command()
@click.option("--store", "with_store", is_flag=True, help="Read the whole store, too. The daemon must be stopped.")
@json_option
@click.pass_obj
def check(api: ApiClient, *, with_store: bool, as_json: bool) -> None:
    """Look for mistakes in the settings, the plugins and the store, and name all of them."""
    problems = [*_plugin_problems(api), *(_store_problems(api) if with_store else ())]
    if as_json:
        print_json({"state_dir": str(api.state_dir), "problems": problems})
    elif problems:
        click.echo("\n".join(problems))
    else:
        click.echo(f"No problems found in {api.state_dir}.")
    if problems:
        click.get_current_context().exit(ExitCode.CONFIGURATION)


def _plugin_problems(api: ApiClient) -> list[str]:
    from triblerd.commands.offline import Installation  # noqa: PLC0415 - imports every plugin

    installation = Installation(api.state_dir)
    configuration = installation.configuration
    return [
        *(f"{installation.file.path}: {line}" for line in (*configuration.unknown(), *configuration.problems())),
        *(f"plugin {name}: {reason}" for name, reason in installation.reasons().items()),
    ]


def _store_problems(api: ApiClient) -> list[str]:
    from triblerd.state_dir import StateDirectory  # noqa: PLC0415 - fast start
    from triblerd.store_check import check as check_store  # noqa: PLC0415
    from triblerd.store_engine import data_file  # noqa: PLC0415

    path = data_file(api.state_dir / "store")
    if not path.exists():
        return []
    with StateDirectory(api.state_dir).locked():
        return [f"{path}: {problem}" for problem in check_store(path)]
