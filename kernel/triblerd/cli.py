"""The command line: ``triblerd`` runs the daemon, ``triblerd COMMAND`` talks to one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import triblerd
from triblerd.client import ApiClient
from triblerd.command_group import CommandGroup
from triblerd.commands.backup import backup
from triblerd.commands.check import check
from triblerd.commands.completion import PROGRAM, completion
from triblerd.commands.configuration import config, parse_assignments
from triblerd.commands.openapi import openapi
from triblerd.commands.plugins import plugins

EPILOG = """\
Exit status: 0 done; 1 failed; 2 wrong use; 65 a newer release wrote the state directory; 75 another daemon has it;
78 wrong settings.

Environment: TSTATEDIR, CORE_API_PORT and CORE_API_KEY say the same as --state-dir, --port and --key, TRIBLERD_URL the
same as --url, and TRIBLERD_<SECTION>__<KEY> the same as --set.
"""

RUN_OPTIONS = {"port": "--port", "host": "--host", "log_level": "--log-level", "assignments": "--set"}
CLIENT_OPTIONS = {"url": "--url", "key": "--key"}


@click.group(cls=CommandGroup, invoke_without_command=True, epilog=EPILOG)
@click.option(
    "-s",
    "--state-dir",
    "--statedir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the daemon keeps its settings and what it learns.  [default: ~/.Tribler]",
)
@click.option("-p", "--port", "--restapi", type=click.IntRange(-1, 65535), help="Port of the API; 0 picks one.")
@click.option("--host", help="Address that the API listens on.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="Least level that is logged."
)
@click.option("--set", "assignments", metavar="SECTION.KEY=VALUE", multiple=True, help="A setting for this run.")
@click.option("--url", default="", help="With a command: where the daemon is, if not on this machine.")
@click.option("--key", help="With a command: the key of the API, if not the one of the state directory.")
@click.version_option(triblerd.__version__, prog_name=PROGRAM)
@click.pass_context
def cli(context: click.Context, /, state_dir: Path | None, url: str, key: str | None, **run: Any) -> None:
    """Run the daemon in the foreground or, with a COMMAND, talk to a running one."""
    given = {name: value for name, value in {**run, "url": url, "key": key}.items() if value not in (None, "", ())}
    _refuse(given, RUN_OPTIONS if context.invoked_subcommand else CLIENT_OPTIONS, context.invoked_subcommand)
    if context.invoked_subcommand is None:
        context.exit(_run(state_dir, given))
    context.obj = ApiClient(state_dir=state_dir, url=url, key=key)
    context.call_on_close(context.obj.close)


for command in (backup, check, completion, config, openapi, plugins):
    cli.add_command(command)


def main() -> None:
    """Run the program and end the process."""
    cli.main(prog_name=PROGRAM)


def _refuse(given: Mapping[str, object], misplaced: Mapping[str, str], command: str | None) -> None:
    for name, option in misplaced.items():
        if name in given:
            where = f"{command} does not take it" if command else "it needs a command"
            msg = f"{option} is of no use here: {where}."
            raise click.UsageError(msg)


def _run(state_dir: Path | None, given: Mapping[str, Any]) -> int:
    from triblerd.daemon import run  # noqa: PLC0415 - half a second that other commands do not need
    from triblerd.options import RunOptions  # noqa: PLC0415

    settings = parse_assignments(given.get("assignments", ()))
    api: dict[str, object] = {}
    if "port" in given:
        api |= {"http_port": given["port"], "http_enabled": True}
    if "host" in given:
        api["http_host"] = given["host"]
    if api:
        settings["api"] = {**settings.get("api", {}), **api}
    if "log_level" in given:
        settings["general"] = {**settings.get("general", {}), "log_level": given["log_level"]}
    return run(RunOptions(state_dir=state_dir, settings=settings, announce=_announce))


def _announce(line: str) -> None:
    click.echo(line)
