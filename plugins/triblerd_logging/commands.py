"""``triblerd logging``: what was logged last, and what is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, print_table
from triblerd_logging.api import MOST_RECORDS
from triblerd_logging.config import Level

LEVELS = get_args(Level)
DEFAULT = "default"


@click.group()
def logging() -> None:
    """Look at what the daemon logs, and say what it shall log."""


@logging.command()
@click.option("--limit", type=click.IntRange(1, MOST_RECORDS), default=50, show_default=True, help="The most to show.")
@click.option("--level", type=click.Choice(LEVELS), help="Only records of this level and above.")
@click.option("--logger", metavar="NAME", help="Only records of this logger and those below it.")
@click.option("--contains", metavar="TEXT", help="Only records with this text.")
@json_option
@click.pass_obj
def show(  # noqa: PLR0913 - one for each option
    api: ApiClient, *, limit: int, level: str | None, logger: str | None, contains: str | None, as_json: bool
) -> None:
    """Show the last records, without secrets."""
    records = api.get("/logging", limit=limit, level=level, logger=logger, contains=contains)["records"]
    if as_json:
        print_json(records)
        return
    for record in records:
        time = f"{datetime.fromtimestamp(record['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
        text = f"{time} {record['level'].upper():<7} {record['logger']}: {record['message']}\n{record['exception']}"
        for line in text.rstrip("\n").split("\n"):
            click.echo(plain_text(line))


@logging.command()
@click.argument("logger", required=False)
@click.argument("level", required=False, type=click.Choice([*LEVELS, DEFAULT]))
@click.option("--store", is_flag=True, help="Also write it into the settings file.")
@json_option
@click.pass_obj
def level(api: ApiClient, *, logger: str | None, level: str | None, store: bool, as_json: bool) -> None:
    """Set the least LEVEL of which records of LOGGER are logged; without them show the levels.

    It counts until the daemon ends. LOGGER is a module such as triblerd_libtorrent, or root for all others; the LEVEL
    default takes back what the settings say.
    """
    if logger is None:
        found = api.get("/logging/levels")
    elif level is None:
        msg = "Missing argument 'LEVEL'."
        raise click.UsageError(msg)
    else:
        wanted = {logger: None if level == DEFAULT else level}
        found = api.call("PUT", "/logging/levels", {"levels": wanted, "store": store})
    if as_json:
        print_json(found["levels"])
    else:
        print_table(("LEVEL", "LOGGER"), [(level, name) for name, level in found["levels"].items()])


COMMANDS: Sequence[click.Command] = (logging,)
