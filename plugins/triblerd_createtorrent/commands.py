"""``triblerd create``."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from triblerd.client import ApiClient
from triblerd.command_output import json_option, plain_text, print_json, size_text
from triblerd.errors import ConflictError, FailedError

POLL_SECONDS = 0.2

_UNDER_WAY = ("waiting", "hashing")

Row = Mapping[str, Any]
"""One job as the API shows it."""


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("-t", "--tracker", "trackers", metavar="URL", multiple=True, help="Announce URL; may be repeated.")
@click.option("-w", "--web-seed", "web_seeds", metavar="URL", multiple=True, help="Web seed; may be repeated.")
@click.option("--version", type=click.Choice(["v1", "v2", "hybrid"]), default="v1", show_default=True)
@click.option("--piece-length", type=int, default=0, metavar="BYTES", help="A power of two.  [default: by the size]")
@click.option("--private", is_flag=True, help="Peers come from the trackers alone.")
@click.option("--padding", is_flag=True, help="Have each file begin with a piece.")
@click.option("-c", "--comment", default="", help="Text in the torrent.")
@click.option("--source", default="", metavar="TAG", help="Text that gives the torrent another infohash.")
@click.option("--no-date", is_flag=True, help="Leave the date out: the same files give the same bytes.")
@click.option("--seed", is_flag=True, help="Seed it at once.")
@click.option(
    "--hops",
    type=click.IntRange(0, 3),
    help="Anonymity of the seeding: 0 is plain.  [default: that of downloads]",
)
@click.option("-f", "--force", is_flag=True, help="Replace an existing file.")
@json_option
@click.pass_obj
def create(
    api: ApiClient, /, *, paths: tuple[Path, ...], output: Path | None, force: bool, as_json: bool, **options: Any
) -> None:
    """Make a torrent of files and directories on the daemon's machine, as NAME.torrent in this directory.

    A directory is taken with all that is in it. Ctrl-C cancels.
    """
    body = _body(paths, options)
    _check_output(output, force=force)  # before anything is begun
    job = api.call("POST", "/createtorrent/jobs", body, query={"download": int(options["seed"])})
    target = output or Path(f"{job['name']}.torrent")
    try:
        _check_output(target, force=force)
        job = _wait(api, job, lambda _: None) if as_json else _wait_with_bar(api, job)
        raw = api.request("GET", f"/createtorrent/jobs/{job['id']}/torrent").body
    finally:
        api.call("DELETE", f"/createtorrent/jobs/{job['id']}")
    target.write_bytes(raw)
    if as_json:
        print_json({"path": str(target.absolute()), **job})
    else:
        click.echo(f"{job['infohash']}  {plain_text(str(target))}")


def _body(paths: tuple[Path, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "files": [str(path.absolute()) for path in paths],
        "walk": True,
        "trackers": list(options["trackers"]),
        "web_seeds": list(options["web_seeds"]),
        "version": options["version"],
        "piece_length": options["piece_length"],
        "private": options["private"],
        "padding": options["padding"],
        "description": options["comment"],
        "source": options["source"],
        **({} if options["hops"] is None else {"anon_hops": options["hops"]}),
        **({"creation_date": 0} if options["no_date"] else {}),
    }


def _check_output(path: Path | None, *, force: bool) -> None:
    if path is not None and path.exists() and not force:
        msg = f"{path} exists; --force replaces it"
        raise ConflictError(msg)


def _wait(api: ApiClient, job: Row, show: Callable[[Row], None]) -> Row:
    while job["state"] in _UNDER_WAY:
        show(job)
        time.sleep(POLL_SECONDS)
        job = api.get(f"/createtorrent/jobs/{job['id']}")
    show(job)
    if job["reason"]:
        raise FailedError(job["reason"])
    return job


def _wait_with_bar(api: ApiClient, job: Row) -> Row:
    from rich.console import Console  # noqa: PLC0415 - 60 ms for what draws bars
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[about]}", markup=False),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(plain_text(job["name"])[:40], total=job["size"], about="")
        about = f"{size_text(job['size'])} in {job['files']} file{'s' * (job['files'] != 1)}"

        def show(row: Row) -> None:
            progress.update(bar, completed=row["hashed"], about="waiting" if row["state"] == "waiting" else about)

        return _wait(api, job, show)
