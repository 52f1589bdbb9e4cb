"""The commands that this plugin adds to ``triblerd``: add, list, show, pause, resume, remove, watch."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from triblerd.client import ApiClient
from triblerd.command_output import (
    json_option,
    plain_text,
    print_json,
    print_json_line,
    print_table,
    rate_text,
    size_text,
)
from triblerd.errors import InvalidInputError, NotFoundError, TriblerdError

TORRENT_TYPE = "application/x-bittorrent"
STOP, RESUME = "stop", "resume"

_URI = re.compile(r"(magnet|https?|file):", re.IGNORECASE)
_INFOHASH = re.compile(r"[0-9a-fA-F]{40}")

Row = Mapping[str, Any]
"""One download as ``GET /downloads`` shows it."""


def parse_indices(text: str) -> list[int]:
    """Return the numbers of files that a text such as ``0,2,5-7`` names.

    Raises:
        click.BadParameter: it is no such text.
    """
    indices: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            msg = f"{text!r} is no list of numbers such as 0,2,5-7"
            raise click.BadParameter(msg)
        indices += range(int(first), int(last or first) + 1)
    return indices


def complete_infohash(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the infohashes of the running daemon to the shell."""
    try:
        rows = ApiClient(state_dir=ctx.find_root().params.get("state_dir")).get("/downloads")["downloads"]
    except TriblerdError:
        return []
    return [CompletionItem(row["infohash"], help=row["name"]) for row in rows if row["infohash"].startswith(incomplete)]


@click.command()
@click.argument("sources", metavar="URI|FILE...", nargs=-1, required=True)
@click.option(
    "-d",
    "--destination",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory to save into; relative to this one, and on the daemon's machine.",
)
@click.option(
    "--select",
    type=parse_indices,
    metavar="NUMBERS",
    help="Numbers of the files to fetch, such as 0,2,5-7.  [default: all]",
)
@click.option("--category", metavar="NAME", help="A category; its directory is the default for --destination.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag; may be given several times.")
@click.option("--hops", type=click.IntRange(0, 3), default=0, help="Anonymity: 0 is a plain download.")
@click.option("--paused", is_flag=True, help="Add it stopped.")
@json_option
@click.pass_obj
def add(  # noqa: PLR0913 - one for each option
    api: ApiClient,
    sources: tuple[str, ...],
    *,
    destination: Path | None,
    select: list[int] | None,
    category: str | None,
    tags: tuple[str, ...],
    hops: int,
    paused: bool,
    as_json: bool,
) -> None:
    """Add downloads: magnet links, addresses or files of torrents, or bare infohashes.

    A download that is there already stays as it is, whatever the options say; new trackers are added to it.
    """
    wishes = {
        "destination": str(destination.absolute()) if destination else None,
        "selected_files": select,
        "category": category,
        "tags": list(tags) or None,
        "anon_hops": hops or None,
        "safe_seeding": True if hops else None,
    }
    for source in sources:
        added = _add(api, source, {name: value for name, value in wishes.items() if value is not None})
        if paused:
            api.call("PATCH", f"/downloads/{added['infohash']}", {"state": STOP})
        if as_json:
            print_json_line(added)
        else:
            click.echo(added["infohash"])
            if added.get("existed"):
                click.echo(f"{added['infohash']} was there already; the options do not change it", err=True)


@click.command("list")
@click.option("--category", metavar="NAME", help="Only those of a category; '' for those without one.")
@click.option("--tag", metavar="TAG", help="Only those with a tag.")
@json_option
@click.pass_obj
def list_downloads(api: ApiClient, *, category: str | None, tag: str | None, as_json: bool) -> None:
    """List downloads."""
    wanted = {name: value for name, value in (("category", category), ("tag", tag)) if value is not None}
    rows = api.get("/downloads", **wanted)["downloads"]
    if as_json:
        print_json(rows)
        return
    heads = ("INFOHASH", "STATUS", "DONE", "SIZE", "DOWN", "UP", "RATIO", "NAME")
    print_table(heads, [_cells(row) for row in rows])


@click.command()
@click.argument("infohash", shell_complete=complete_infohash)
@json_option
@click.pass_obj
def show(api: ApiClient, infohash: str, *, as_json: bool) -> None:
    """Show one download with its files, peers and trackers. The first digits of INFOHASH do, if no other has them."""
    wanted = find_infohash(api, infohash)
    rows = api.get("/downloads", infohash=wanted, get_files=1, get_peers=1)["downloads"]
    row = next((row for row in rows if row["infohash"] == wanted), None)
    if row is None:
        msg = f"The download {wanted} has just been removed"
        raise NotFoundError(msg)
    if as_json:
        print_json(row)
    else:
        _print_details(row)


@click.command()
@click.argument("infohashes", metavar="INFOHASH...", nargs=-1, required=True, shell_complete=complete_infohash)
@json_option
@click.pass_obj
def pause(api: ApiClient, infohashes: tuple[str, ...], *, as_json: bool) -> None:
    """Stop downloads; they stay stopped until they are resumed."""
    _change(api, infohashes, "PATCH", {"state": STOP}, as_json=as_json)


@click.command()
@click.argument("infohashes", metavar="INFOHASH...", nargs=-1, required=True, shell_complete=complete_infohash)
@json_option
@click.pass_obj
def resume(api: ApiClient, infohashes: tuple[str, ...], *, as_json: bool) -> None:
    """Start downloads that are stopped, also after an error."""
    _change(api, infohashes, "PATCH", {"state": RESUME}, as_json=as_json)


@click.command()
@click.argument("infohashes", metavar="INFOHASH...", nargs=-1, required=True, shell_complete=complete_infohash)
@click.option("--data", "with_data", is_flag=True, help="Delete the files, too.")
@json_option
@click.pass_obj
def remove(api: ApiClient, infohashes: tuple[str, ...], *, with_data: bool, as_json: bool) -> None:
    """Remove downloads; their files stay."""
    _change(api, infohashes, "DELETE", {"remove_data": with_data}, as_json=as_json)


@click.command()
@click.argument("infohashes", metavar="[INFOHASH...]", nargs=-1, shell_complete=complete_infohash)
@click.option("--until-complete", is_flag=True, help="End when everything that is watched is complete.")
@json_option
@click.pass_obj
def watch(api: ApiClient, infohashes: tuple[str, ...], *, until_complete: bool, as_json: bool) -> None:
    """Show progress until Ctrl-C. With --json, print each download whenever it changed, one object a line."""
    from triblerd_downloads.watching import Watcher, watch_with_lines  # noqa: PLC0415 - fast start

    watcher = Watcher(api, [find_infohash(api, text) for text in infohashes], until_complete=until_complete)
    try:
        if as_json:
            watch_with_lines(watcher)
        else:
            from triblerd_downloads.bars import watch_with_bars  # noqa: PLC0415 - 60 ms for what draws them

            watch_with_bars(watcher)
    except KeyboardInterrupt:
        click.echo(err=True)


COMMANDS: Sequence[click.Command] = (add, list_downloads, show, pause, resume, remove, watch)


def find_infohash(api: ApiClient, text: str) -> str:
    """Return the infohash of the one download that begins with ``text``; 40 digits need no look.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: there are several.
    """
    wanted = text.lower()
    if _INFOHASH.fullmatch(wanted):
        return wanted
    rows = [row for row in api.get("/downloads")["downloads"] if row["infohash"].startswith(wanted)]
    if not rows:
        msg = f"No download begins with {text}"
        raise NotFoundError(msg)
    if len(rows) > 1:
        names = ", ".join(f"{row['infohash']} ({row['name']})" for row in rows[:5])
        msg = f"{len(rows)} downloads begin with {text}: {names}"
        raise InvalidInputError(msg)
    infohash: str = rows[0]["infohash"]
    return infohash


def _add(api: ApiClient, source: str, wishes: dict[str, Any]) -> Any:
    if _INFOHASH.fullmatch(source):
        return api.call("PUT", "/downloads", {"uri": f"magnet:?xt=urn:btih:{source}", **wishes})
    if _URI.match(source):
        return api.call("PUT", "/downloads", {"uri": source, **wishes})
    path = Path(source)
    if not path.is_file():
        msg = f"{source} is neither a file, nor a magnet link or an address of a torrent"
        raise InvalidInputError(msg)
    return api.call("PUT", "/downloads", path.read_bytes(), query=_as_query(wishes), content_type=TORRENT_TYPE)


def _as_query(wishes: Mapping[str, Any]) -> dict[str, object]:
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else int(value) if value is True else value
        for name, value in wishes.items()
    }


def _change(
    api: ApiClient, infohashes: Iterable[str], method: str, body: Mapping[str, object], *, as_json: bool
) -> None:
    for infohash in [find_infohash(api, text) for text in infohashes]:
        answer = api.call(method, f"/downloads/{infohash}", body)
        if as_json:
            print_json_line(answer)
        else:
            click.echo(infohash)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row["infohash"],
        row["status"],
        f"{row['progress']:.1%}",
        size_text(row["size"]),
        rate_text(row["speed_down"]),
        rate_text(row["speed_up"]),
        f"{row['ratio']:.2f}",
        row["name"],
    )


def _print_details(row: Row) -> None:
    about = {
        "Name": row["name"],
        "Infohash": row["infohash"],
        "Status": f"{row['status']} {row['error']}".rstrip(),
        "Done": f"{row['progress']:.1%} of {size_text(row['size'])}",
        "Rates": f"{size_text(row['speed_down'])}/s down, {size_text(row['speed_up'])}/s up",
        "Uploaded": f"{size_text(row['total_up'])} since the start, ratio {row['ratio']:.2f}",
        "Connected": f"{row['num_connected_peers']} peers, {row['num_connected_seeds']} seeds",
        "Directory": row["destination"],
        "Category": row["category"],
        "Tags": ", ".join(row["tags"]),
    }
    for name, text in about.items():
        if not text:
            continue
        click.echo(f"{name + ':':<10} {plain_text(text)}")
    _print_list(("FILE", "WANTED", "DONE", "SIZE", "NAME"), [_file_cells(file) for file in row["files"]])
    _print_list(("PEER", "DONE", "DOWN", "UP", "CLIENT"), [_peer_cells(peer) for peer in row["peers"]])
    _print_list(
        ("TRACKER", "PEERS", "STATUS"),
        [(tracker["url"], str(tracker["peers"]), tracker["status"]) for tracker in row["trackers"]],
    )


def _print_list(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        click.echo()
        print_table(heads, rows)


def _file_cells(file: Row) -> tuple[str, ...]:
    wanted = "yes" if file["included"] else "no"
    return str(file["index"]), wanted, f"{file['progress']:.1%}", size_text(file["size"]), file["name"]


def _peer_cells(peer: Row) -> tuple[str, ...]:
    rates = rate_text(peer["downrate"]), rate_text(peer["uprate"])
    return f"{peer['ip']}:{peer['port']}", f"{peer['completed']:.1%}", *rates, peer["extended_version"]
