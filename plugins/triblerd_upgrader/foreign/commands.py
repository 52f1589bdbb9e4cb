"""``triblerd import``."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json
from triblerd.errors import FailedError
from triblerd_upgrader.foreign.options import Missing
from triblerd_upgrader.foreign.values import Program

_POLL_SECONDS = 0.2
_ROWS = 1000
_ROWS_SHOWN = 50
_PATH = "/upgrader/import"

_Show = Callable[[Mapping[str, Any]], None]


def _replacement(_context: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        old, sign, new = text.partition("=/")
        if not sign or not old:
            msg = f"{text!r} is no replacement such as /downloads=/srv/torrents"
            raise click.BadParameter(msg)
        pairs[old] = f"/{new}"
    return pairs


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--program", type=click.Choice([str(one) for one in Program]), help="Whose state it is, if there are several."
)
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; tell what would become of everything.")
@click.option("-f", "--force", is_flag=True, help="Also if the other program seems to run.")
@click.option(
    "--replace",
    multiple=True,
    callback=_replacement,
    metavar="OLD=NEW",
    help="Where a directory of the other program is here: /downloads=/srv/torrents; may be given several times.",
)
@click.option(
    "--missing",
    type=click.Choice([str(one) for one in Missing]),
    default=str(Missing.SKIP),
    show_default=True,
    help="Downloads whose files are not there: leave them out, add them stopped, or add and check them.",
)
@click.option("--recheck-changed", is_flag=True, help="Check files that were changed since the program looked at them.")
@click.option("--settings", is_flag=True, help="Take over settings, too.")
@click.option(
    "--include",
    multiple=True,
    metavar="KIND",
    help="Take over what is taken over only if it is named: secrets, identity.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def import_(api: ApiClient, /, *, path: Path, dry_run: bool, yes: bool, as_json: bool, **options: Any) -> None:
    """Take over the downloads of Tribler, qBittorrent, Transmission, Deluge or rTorrent.

    PATH is the directory of the program's state, or one above it, on the daemon's machine. Nothing in it is changed,
    and what is complete is not hashed again. What is there already stays as it is: the command may be repeated, and
    goes on after an interruption.
    """
    body = {"path": str(path.absolute()), **options}
    asks = sys.stdin.isatty() and not (as_json or yes)
    if dry_run or asks:
        outcome = _run(api, {**body, "dry_run": True}, as_json=as_json)
        if dry_run:
            _show_all(outcome, _report(api), as_json=as_json)
            return
        if _has_doubts(outcome):
            _print(outcome, _report(api), will=True)
            click.confirm("Go on?", abort=True, err=True)
    outcome = _run(api, body, as_json=as_json)
    _show_all(outcome, _report(api), as_json=as_json)


def _run(api: ApiClient, body: Mapping[str, Any], *, as_json: bool) -> Mapping[str, Any]:
    view = api.call("POST", _PATH, body)
    try:
        with _bar(plain_text(Path(view["path"]).name), disable=as_json) as show:
            while view["state"] == "running":
                show(view)
                time.sleep(_POLL_SECONDS)
                view = api.get(_PATH)
    except KeyboardInterrupt:
        api.call("DELETE", _PATH)
        if not body.get("dry_run"):
            click.echo("What was taken over so far stays; repeat the command to go on.", err=True)
        raise
    if view["state"] != "finished":
        raise FailedError(view["failure"] or f"The import was {view['state']}")
    found: Mapping[str, Any] = view
    return found


def _report(api: ApiClient) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    while True:
        part = api.get(f"{_PATH}/report", first=len(rows) + 1, limit=_ROWS)
        rows += part["rows"]
        if len(rows) >= part["total"] or not part["rows"]:
            return rows


def _has_doubts(outcome: Mapping[str, Any]) -> bool:
    return bool(outcome["missing_directories"] or outcome["counts"].get("skipped") or outcome["counts"].get("checked"))


def _show_all(outcome: Mapping[str, Any], rows: list[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({**outcome, "report": rows})
    else:
        _print(outcome, rows, will=outcome["dry_run"])


def _print(outcome: Mapping[str, Any], rows: list[Mapping[str, Any]], *, will: bool) -> None:
    told = [row for row in rows if row["reason"] or row["notes"]]
    for row in told[:_ROWS_SHOWN]:
        what = row["name"] or row["what"]
        click.echo(f"{plain_text(what)}: {plain_text(_words(row))}", err=True)
    if (further := len(told) - _ROWS_SHOWN) > 0:
        click.echo(f"and {further:,} more, which --json shows", err=True)
    for folder, count in outcome["missing_directories"].items():
        click.echo(
            f"{plain_text(folder)} is not there, and {count:,} downloads are said to be in it. "
            "If it is elsewhere, say so: --replace OLD=NEW",
            err=True,
        )
    counts = outcome["counts"]
    names = {
        "imported": "imported",
        "checked": "imported and checked",
        "present": "there already",
        "skipped": "skipped",
    }
    parts = [f"{counts[verdict]:,} {name}" for verdict, name in names.items() if counts.get(verdict)]
    parts += [f"{added:,} {kind} added" for kind, (added, _) in outcome["records"].items()]
    parts += [f"{len(outcome['settings'])} settings taken over"] if outcome["settings"] else []
    click.echo(("It would be: " if will else "") + (", ".join(parts) or "nothing to take over"))


def _words(row: Mapping[str, Any]) -> str:
    verdict = {"skipped": "skipped", "checked": "will be checked", "not_taken": "not taken over"}.get(
        row["verdict"], ""
    )
    reason = f"{verdict}: {row['reason']}" if verdict and row["reason"] else row["reason"] or verdict
    return "; ".join(filter(None, [reason, *row["notes"]]))


@contextmanager
def _bar(title: str, *, disable: bool) -> Iterator[_Show]:
    from rich.console import Console  # noqa: PLC0415 - 60 ms for what draws bars
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[phase]}", markup=False),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=disable or not console.is_terminal) as progress:
        bar = progress.add_task(title[:40], total=None, phase="")
        yield lambda view: progress.update(
            bar, completed=view["done"], total=view["total"] or None, phase=view["phase"]
        )


COMMANDS = (import_,)
